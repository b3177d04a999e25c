"""Cross-validation over identities: a system for each fold, their test pairs pooled."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from model.bundle import open_bundle
from training import provenance, session
from training.comparing import graph_comparer
from training.config import TrainingConfig
from training.data.folds import fold_splits
from training.data.source import open_data
from training.data.split import IdentitySplit
from training.evaluation import Meter
from training.export import export_run
from training.figures import Figure
from training.initial import TrainedWeights
from training.measurement.pairs import PairEnergies, pool
from training.measurement.rates import equal_error, fnmr_at_fmr
from training.record import Record, system_of
from training.run import RunFolder
from training.variants import variant_of

FMRS = (0.1, 0.075, 0.05, 0.01)
"""Where the FNMR is read off: those of Chopra, Hadsell, LeCun 2005, table 1, and 1 %."""


def cross_validate(  # noqa: PLR0913 (the weights are rarely given)
    config: TrainingConfig,
    data: Path,
    folds: int,
    out: Path,
    console: Console,
    *,
    weights: TrainedWeights | None = None,
) -> Record:
    """Train, export and measure a system for each fold; a killed call goes on where it stopped.

    Args:
        config: What is trained, each time with the same seed.
        data: The data set.
        folds: How many.
        out: A folder that gets one run and one bundle for each fold.
        console: Where progress is shown.
        weights: What each fold begins with, in place of random weights.

    Returns:
        The record, whose figures pool the test pairs of all folds under one threshold.

    Raises:
        SplitError: Too few identities for so many folds.
        TrainingError: What a training or an export raises.
    """
    images = open_data(data)
    splits = fold_splits(images, folds, config.split.calibration, config.seed)
    runs = [
        _train(config, data, split, out / f"fold{fold}", console, weights)
        for fold, split in enumerate(splits)
    ]
    measured = [_pairs(run, data) for run in runs]
    by_protocol = [
        tuple(system_of(run, open_bundle(_bundle_of(run)), data).measure(config.protocols))
        for run in runs
    ]
    begun = runs[0].record()
    return Record(
        config=config,
        variant="-".join(filter(None, (variant_of(config), f"{folds}-folds"))),
        seed=config.seed,
        data=begun.data_name,
        data_sha256=begun.data_sha256,
        parameters=open_bundle(_bundle_of(runs[0])).manifest.provenance.parameters,
        epochs=config.epochs,
        training_seconds=sum(epoch["seconds"] for run in runs for epoch in run.history()),
        device=begun.device,
        train_command=begun.command,
        record_command=provenance.command(),
        git_revision=begun.git_revision,
        libraries=begun.libraries,
        trained_at=begun.started_at,
        figures=(*pooled_figures(measured), *mean_figures(by_protocol)),
    )


def pooled_figures(measured: Sequence[PairEnergies]) -> Iterator[Figure]:
    """The figures of all folds' test pairs together, under one threshold."""
    pooled = pool(measured)
    suffix = f"pooled over {len(measured)} folds"
    trials = len(pooled.all_energies)
    yield Figure(name=f"EER, {suffix}", value=equal_error(pooled).rate, trials=trials)
    for fmr in FMRS:
        yield Figure(
            name=f"FNMR at FMR {100 * fmr:g} %, {suffix}",
            value=fnmr_at_fmr(pooled.genuine, pooled.impostor, fmr),
            trials=len(pooled.genuine),
        )


def mean_figures(folds: Sequence[Sequence[Figure]]) -> Iterator[Figure]:
    """Each protocol's figures, averaged over the folds, with the mean's standard error."""
    for same in zip(*folds, strict=True):
        values = [figure.value for figure in same]
        yield Figure(
            name=f"{same[0].name}, mean of {len(values)} folds",
            value=statistics.fmean(values),
            standard_error=statistics.stdev(values) / math.sqrt(len(values)),
            trials=sum(figure.trials for figure in same),
        )


def _train(  # noqa: PLR0913, PLR0917 (one call, above)
    config: TrainingConfig,
    data: Path,
    split: IdentitySplit,
    out: Path,
    console: Console,
    weights: TrainedWeights | None,
) -> RunFolder:
    run = RunFolder(out / "run")
    if (run.path / "config.json").exists():
        session.resume(data, run.path, console)
    else:
        session.begin(config, data, run.path, console, split=split, weights=weights)
    export_run(run, _bundle_of(run), data)
    return run


def _bundle_of(run: RunFolder) -> Path:
    return run.path.parent / "bundle"


def _pairs(run: RunFolder, data: Path) -> PairEnergies:
    """The pairs of a fold's test identities, through the fold's own bundle."""
    bundle = open_bundle(_bundle_of(run))
    comparer = graph_comparer(bundle.onnx, bundle.manifest.metric)
    meter = Meter(comparer, bundle.manifest.input, run.config().images_per_identity)
    return meter.pairs(session.data_of(run, data).of(run.split().test))
