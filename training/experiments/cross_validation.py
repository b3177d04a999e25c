"""Cross-validation over identities: a system for each fold, their test pairs pooled.

Each fold has a folder of its own, so a killed call continues where it stopped, and machines may
share the folds. A start that several folds share is a training of its own beside them: see
`training.experiments.common_start`.
"""

import math
import statistics
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from model.bundle import Bundle, identity_digest, open_bundle, sha256
from training.config.schema import TrainingConfig
from training.config.variants import variant_of
from training.data.folds import fold_splits, official_fold_splits
from training.data.source import open_data
from training.data.split import IdentitySplit
from training.errors import ConfigError, RunError, WeightsError
from training.evaluation.measured_value import MeasuredValue
from training.experiments.common_start import common_starts, weights_of
from training.experiments.member import Member
from training.metrics.det import DetCurve
from training.metrics.pairs import PairEnergies, pool
from training.metrics.rates import RateTable, curve, equal_error, fnmr_at_fmr
from training.results.record import Record, exported_system
from training.runs import provenance
from training.runs.looks import test_digest
from training.transfer.pretrained import TrainedWeights

DRAWN_FOLDS = 8
FMRS = (0.1, 0.075, 0.05, 0.01)
"""FMRs of the measured FNMRs: those of Chopra, Hadsell, LeCun 2005, table 1, and 1 %."""


@dataclass(frozen=True)
class CrossValidation:
    """Training, export and measurement of a config once for each fold, with the config's seed.

    Attributes:
        splits: Identities that each fold trains, calibrates and tests on.
        out: The folder of one run and one bundle for each fold, in `fold0`, `fold1` …; folds that
            were trained on other machines may be copied there.
        starts: Training that each fold starts from, the same one for several folds, or None.
        weights: Initial weights of folds without such a start; None for random ones.
    """

    config: TrainingConfig
    data: Path
    splits: tuple[IdentitySplit, ...]
    out: Path
    starts: tuple[Member | None, ...]
    weights: TrainedWeights | None = None

    def train(self, console: Console, only: Collection[int] = ()) -> None:
        """Train and export folds, all or `only` some; continue where a killed call stopped.

        Raises:
            ConfigError: A fold that does not exist.
            RunError: A fold's folder was begun with another config, split, data or weights.
            TrainingError: What else a training or an export raises.
        """
        if unknown := sorted(set(only) - set(range(len(self.splits)))):
            raise ConfigError(
                f"there is no fold {unknown[0]}; they are 0 to {len(self.splits) - 1}"
            )
        for fold in sorted(set(only)) or range(len(self.splits)):
            start = self.starts[fold]
            if start is not None and not start.is_trained:
                console.print(f"the common start of several folds, in {start.folder}")
                start.train(console, export=False)
            console.print(f"fold {fold} of {len(self.splits)}")
            self._member(fold).train(console)

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the folds that have no bundle yet.

        Raises:
            RunError: A fold's folder was begun with another config, split or weights.
        """
        return tuple(fold for fold in range(len(self.splits)) if not self._is_done(fold))

    def record(self) -> Record:
        """Measure every fold's bundle on the identities that it has not seen.

        Returns:
            The record: error rates of the test pairs of all folds, pooled under one threshold, and
            the mean over the folds of each value of the config's protocols.

        Raises:
            RunError: A fold is missing, or was begun with other data.
        """
        if self.missing:
            raise RunError(
                f"{self.out}: folds {', '.join(map(str, self.missing))} are missing; train them"
            )
        folds = [self._member(fold) for fold in range(len(self.splits))]
        measurement = self.config.measurement
        bundles = [open_bundle(fold.bundle) for fold in folds]
        measured, by_protocol = self._measure(folds, bundles)
        begun = [fold.run.record() for fold in folds]
        starts = {start.folder: start for start in self.starts if start is not None}.values()
        return Record(
            config=self.config,
            variant="-".join(filter(None, (variant_of(self.config), f"{len(folds)}-folds"))),
            seed=self.config.seed,
            data=begun[0].data_name,
            data_sha256=begun[0].data_sha256,
            parameters=bundles[0].manifest.origin.parameters,
            epochs=self.config.optimisation.epochs,
            training_seconds=sum(
                epoch["seconds"] for each in (*folds, *starts) for epoch in each.run.history()
            ),
            device=_join_distinct(record.device for record in begun),
            train_command=begun[0].command,
            record_command=provenance.command(),
            git_revision=_join_distinct(record.git_revision for record in begun),
            libraries=begun[0].libraries,
            trained_at=begun[0].started_at,
            graph_sha256=sha256("".join(each.manifest.onnx.sha256 for each in bundles).encode()),
            test_sha256=test_digest(*(split.digests() for split in self.splits)),
            figures=(*pooled_values(measured), *mean_values(by_protocol)),
            det=pooled_curve(measured, begun[0].data_name, measurement.images_per_identity),
        )

    def _measure(
        self, folds: Sequence[Member], bundles: Sequence[Bundle]
    ) -> tuple[list[PairEnergies], list[tuple[MeasuredValue, ...]]]:
        """Measure the test pairs and the protocols of each fold."""
        measured: list[PairEnergies] = []
        by_protocol: list[tuple[MeasuredValue, ...]] = []
        measurement = self.config.measurement
        for fold, bundle in zip(folds, bundles, strict=True):
            system = exported_system(fold.run, bundle, self.data)
            measured.append(system.pairs(system.tested, measurement.images_per_identity))
            by_protocol.append(tuple(system.measure(measurement.protocols)))
        return measured, by_protocol

    def _member(self, fold: int) -> Member:
        start = self.starts[fold]
        weights = self.weights if start is None else weights_of(start)
        return Member(self.out / f"fold{fold}", self.config, self.data, self.splits[fold], weights)

    def _is_done(self, fold: int) -> bool:
        start = self.starts[fold]
        return (start is None or start.is_trained) and self._member(fold).is_done


def plan_folds(
    config: TrainingConfig,
    data: Path,
    out: Path,
    *,
    folds: int | None = None,
    weights: TrainedWeights | None = None,
) -> CrossValidation:
    """Divide a data set into folds, by default 8, or take its own if the config's split demands it.

    The folds' runs lie in the folder `out`. Each starts from the weights, or from random ones.

    Raises:
        SplitError: The folds cannot be made, or the data set has none of its own.
        ConfigError: The data set has another number of folds of its own.
        WeightsError: The weights have seen identities that a fold tests, or any weights are given
            for a data set's own folds, whose published figures are of systems without outside data.
    """
    images = open_data(data)
    share = config.split.calibration
    if not config.split.official_folds:
        drawn = tuple(fold_splits(images, folds or DRAWN_FOLDS, share, config.seed))
        _check_unseen(weights, drawn)
        return CrossValidation(config, data, drawn, out, (None,) * len(drawn), weights)
    if weights is not None:
        raise WeightsError(
            f"{config.name} is trained on the data set's own folds without outside data, and "
            f"{weights.source.name} was trained on other data or on people that a fold tests; "
            "train it without --init"
        )
    common = config.optimisation.common_start
    groups = None if common is None else common.groups
    own = tuple(official_fold_splits(images, share, config.seed, groups))
    if folds not in {None, len(own)}:
        raise ConfigError(f"{images.name} has {len(own)} folds of its own; leave --folds out")
    if common is None:
        return CrossValidation(config, data, own, out, (None,) * len(own))
    return CrossValidation(config, data, own, out, common_starts(config, common, data, own, out))


def pooled_values(measured: Sequence[PairEnergies]) -> Iterator[MeasuredValue]:
    """Measure the test pairs of all folds together, under one threshold."""
    pooled = pool(measured)
    suffix = f"pooled over {len(measured)} folds"
    trials = len(pooled.all_energies)
    yield MeasuredValue(name=f"EER, {suffix}", value=equal_error(pooled).rate, trials=trials)
    for fmr in FMRS:
        yield MeasuredValue(
            name=f"FNMR at FMR {100 * fmr:g} %, {suffix}",
            value=fnmr_at_fmr(pooled.genuine, pooled.impostor, fmr),
            trials=len(pooled.genuine),
        )


def pooled_curve(measured: Sequence[PairEnergies], data: str, images_per_identity: int) -> DetCurve:
    """Compute the DET curve of the test pairs of all folds together."""
    pooled = pool(measured)
    return DetCurve.of(
        f"the test pairs of {len(measured)} folds of the {pooled.subjects} identities of {data}, "
        f"pooled; at most {images_per_identity} images of one identity",
        curve(RateTable(pooled)),
    )


def mean_values(folds: Sequence[Sequence[MeasuredValue]]) -> Iterator[MeasuredValue]:
    """Average each protocol's values over the folds, with the standard error of the mean."""
    for same in zip(*folds, strict=True):
        values = [measured.value for measured in same]
        yield MeasuredValue(
            name=f"{same[0].name}, mean of {len(values)} folds",
            value=statistics.fmean(values),
            standard_error=statistics.stdev(values) / math.sqrt(len(values)),
            standard_error_over="folds",
            trials=sum(measured.trials for measured in same),
        )


def _check_unseen(weights: TrainedWeights | None, splits: Sequence[IdentitySplit]) -> None:
    """Refuse weights that have seen identities that a fold calibrates or tests on."""
    if weights is None:
        return
    unseen = {name for split in splits for name in (*split.calibration, *split.test)}
    if known := [name for name in unseen if identity_digest(name) in weights.seen]:
        raise WeightsError(
            f"the initial weights have seen {len(known)} of the identities that folds are "
            f"tested on, such as {min(known)}; train without --init, or begin with others"
        )


def _join_distinct(values: Iterable[str]) -> str:
    """Join the distinct values: folds may come from several machines."""
    return ", ".join(dict.fromkeys(values))
