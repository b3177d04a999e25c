"""Plan of a training whose config was chosen among candidates."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

import model
from training.config.candidates import Candidate
from training.config.schema import TrainingConfig
from training.data.image_set import ImageSet
from training.data.quality import check_quality
from training.data.source import open_data
from training.data.split import DataSplit, split_data
from training.errors import DataError, SplitError
from training.fit.plan import TrainingPlan, plan_training
from training.selection.budget import Budget
from training.selection.folds import folds_of
from training.selection.image_pool import ImagePool
from training.selection.progress import ChoiceProgress
from training.selection.selection import Entry, Selection, entry_of
from training.selection.trial import Trials
from training.transfer.pretrained import TrainedWeights, open_weights

_FOLDS = 3
_BUNDLES = Path(model.__file__).parent / "bundles"

Starts = Mapping[str, TrainedWeights]
"""Weights of shipped bundles, by name."""


def plan_chosen(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: TrainingConfig,
    candidates: Sequence[Candidate],
    values: Sequence[str],
    data: Path,
    budget: Budget,
    console: Console,
) -> TrainingPlan:
    """Choose among candidates, and plan the training of the best one for the time that is left.

    Args:
        config: The named config, without the values.
        candidates: The candidates of the config.
        values: The user's overrides, `key=value`, which every candidate gets.
        data: The data set.
        budget: Time for the choice and the training.
        console: Terminal that each trial is shown on.

    Raises:
        TrainingError: Config and data do not fit each other.
    """
    images = open_data(data)
    progress = ChoiceProgress(console, budget.left, budget.clock)
    _check(images, config, progress)
    starts, split = _starts_and_split(config, candidates, images)
    known = frozenset[str]().union(*(weights.seen for weights in starts.values()))
    entries = [
        entry_of(each, config, values, starts.get(each.start or ""))
        for each in candidates
        if each.start is None or each.start in starts
    ]
    progress.say(
        f"{config.name}: choosing among {len(entries)} ways to train, by identities held out of "
        f"the {len(split.train) + len(split.calibration)} that are not tested"
    )
    pool = ImagePool(images.of((*split.train, *split.calibration)))
    trials = Trials(pool, progress, budget.clock)
    folds = folds_of(split, _FOLDS, config.seed, known)
    selection = Selection(trials, folds, budget, progress)
    ranked = selection.run(entries)
    progress.done()
    chosen = selection.final_config(ranked)
    console.print(_table(ranked))
    return plan_training(chosen, data, split=split, weights=ranked[0].weights)


def _check(images: ImageSet, config: TrainingConfig, progress: ChoiceProgress) -> None:
    """Check the data as `check-data` does, so that hopeless data ends at once.

    Raises:
        DataError: Training would refuse the data.
    """
    progress.say(f"{config.name}: checking {len(images):,} images")
    quality = check_quality(images, config.name, config.split, config.seed)
    if quality.reason is not None:
        raise DataError(f"{images.name}: {quality.reason}")
    planned = () if quality.support is None else quality.support.warnings  # Told by the plan.
    for line in (*quality.remarks, *(each for each in quality.warnings if each not in planned)):
        progress.say(line)


def _starts_and_split(
    config: TrainingConfig, candidates: Sequence[Candidate], images: ImageSet
) -> tuple[Starts, DataSplit]:
    """Open the bundles to start from, and split so that nobody whom they have seen is measured.

    Where they have seen so many that no split is left, nothing starts from them.
    """
    names = {each.start for each in candidates if each.start is not None}
    paths = {name: _BUNDLES / name for name in sorted(names)}
    starts = {name: open_weights(path) for name, path in paths.items() if path.exists()}
    seen = frozenset[str]().union(*(weights.seen for weights in starts.values()))
    try:
        return starts, split_data(images, config.split, config.seed, seen)
    except SplitError:
        return {}, split_data(images, config.split, config.seed)


def _table(ranked: Sequence[Entry]) -> Table:
    table = Table("tried", "EER of held-out identities", "folds", "epochs", "seconds")
    for entry in ranked:
        tried = entry.tried(chosen=entry is ranked[0])
        name = f"{tried.name} (chosen)" if tried.chosen else tried.name
        numbers = (f"{tried.folds}", f"{tried.epochs}", f"{tried.seconds:.0f}")
        table.add_row(name, f"{100 * tried.eer:.1f} %", *numbers)
    return table
