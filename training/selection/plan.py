"""Plan of a training whose config was chosen among candidates."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

import model
import training
from training.config.candidates import Candidate
from training.config.overrides import override
from training.config.schema import TrainingConfig
from training.config.sections import Tried
from training.data.image_set import ImageSet
from training.data.quality import check_quality
from training.data.source import open_data
from training.data.split import DataSplit, split_data
from training.errors import DataError, SplitError
from training.fit.plan import TrainingPlan, plan_training
from training.selection.budget import Budget
from training.selection.image_pool import ImagePool
from training.selection.locating import suited
from training.selection.member import Entry, entry_of
from training.selection.progress import ChoiceProgress
from training.selection.selection import Selection
from training.selection.trial import Trials
from training.transfer.pretrained import TrainedWeights, open_weights

_SHIPPED = (Path(model.__file__).parent / "bundles", Path(training.__file__).parent / "starts")

_MEASURED_PER_SECOND = 6
"""Images that each network is measured on, for a second of the time."""

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
    images, progress = open_data(data), ChoiceProgress(console, budget.left, budget.clock)
    _check(images, config, progress)
    starts, split = _starts_and_split(config, candidates, images, progress)
    entries = [
        entry_of(each, config, values, starts.get(each.start or ""))
        for each in candidates
        if each.start is None or each.start in starts
    ]
    entries = suited(entries, images, progress)
    progress.say(
        f"{config.name}: training by {len(entries)} candidates on {len(split.train)} identities, "
        f"and choosing by {len(split.calibration)} others"
    )
    measured = int(_MEASURED_PER_SECOND * budget.seconds)
    pool = ImagePool(images.of((*split.train, *split.calibration)), measured)
    trials = Trials(pool, progress, budget.clock)
    own = override(config, values)
    chosen = Selection(own, trials, split, budget, progress).run(entries)
    progress.done()
    console.print(_table(chosen.tried))
    _say_untried(entries, chosen.tried, progress)
    return plan_training(
        chosen.config, data, split=split, weights=chosen.weights, network=chosen.network
    )


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
    config: TrainingConfig,
    candidates: Sequence[Candidate],
    images: ImageSet,
    progress: ChoiceProgress,
) -> tuple[Starts, DataSplit]:
    """Open the bundles to start from, and split so that nobody whom they have seen is measured.

    Where they have seen so many that no split is left, nothing starts from them.
    """
    names = {each.start for each in candidates if each.start is not None}
    paths = [folder / name for name in sorted(names) for folder in _SHIPPED]
    starts = {path.name: open_weights(path) for path in paths if path.exists()}
    seen = frozenset[str]().union(*(weights.seen for weights in starts.values()))
    try:
        return starts, split_data(images, config.split, config.seed, seen)
    except SplitError:
        progress.say(
            "no candidate begins with a shipped encoder: those have seen the names of nearly all "
            "identities, so that too few are left to measure on"
        )
        return {}, split_data(images, config.split, config.seed)


def _say_untried(
    entries: Sequence[Entry], tried: Sequence[Tried], progress: ChoiceProgress
) -> None:
    """Say which candidates there was no time for."""
    known = {each.name for each in tried}
    names = [each.candidate.name for each in entries if each.candidate.name not in known]
    if names:
        progress.say(
            f"not tried, for want of time: {', '.join(names)}; give more --minutes, or count "
            "them by --processor-time where others use the machine"
        )


def _table(tried: Sequence[Tried]) -> Table:
    table = Table("tried", "EER of the calibration part", "epochs", "seconds")
    for each in tried:
        name = f"{each.name} (chosen)" if each.chosen else each.name
        table.add_row(name, f"{100 * each.eer:.1f} %", f"{each.epochs}", f"{each.seconds:.0f}")
    return table
