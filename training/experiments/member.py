"""Member of an experiment: one of its trainings, with run and bundle in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from model.bundle import MANIFEST_FILE
from training.config.schema import TrainingConfig
from training.data.split import DataSplit
from training.errors import RunError
from training.export.bundle import export_run
from training.fit import training_run
from training.fit.plan import plan_resumption, plan_training
from training.runs.run_folder import RunFolder
from training.transfer.pretrained import TrainedWeights

_UNTRAINED_FIELDS = ("version", "card", "protocols", "targets")
"""Fields of a config that do not influence the weights, and may be corrected afterwards."""


@dataclass(frozen=True)
class Member:
    """One training of an experiment.

    Attributes:
        folder: The folder of the run and the bundle.
        bundle_name: Name of the bundle and of its folder.
    """

    folder: Path
    bundle_name: str = "bundle"

    @property
    def run(self) -> RunFolder:
        """The run folder."""
        return RunFolder(self.folder / "run")

    @property
    def bundle(self) -> Path:
        """Folder of the bundle."""
        return self.folder / self.bundle_name

    @property
    def is_begun(self) -> bool:
        """True if the folder holds a run."""
        return self.run.is_begun

    @property
    def is_done(self) -> bool:
        """True if the bundle was written: it is written last, and as a whole."""
        return self.is_begun and (self.bundle / MANIFEST_FILE).is_file()

    def train(
        self,
        config: TrainingConfig,
        data: Path,
        split: DataSplit,
        console: Console,
        weights: TrainedWeights | None = None,
    ) -> None:
        """Train and export, or continue where a killed call stopped.

        Args:
            config: The config to train.
            data: The data set.
            split: Split of the data.
            console: Shows the progress.
            weights: Initial weights, in place of random ones.

        Raises:
            RunError: The folder holds a run of another config, split or weights.
            TrainingError: The training or the export failed.
        """
        self.check(config, split, weights)
        if self.is_done:
            return
        self.train_only(config, data, split, console, weights)
        export_run(self.run, self.bundle, data)

    def train_only(
        self,
        config: TrainingConfig,
        data: Path,
        split: DataSplit,
        console: Console,
        weights: TrainedWeights | None = None,
    ) -> None:
        """Train, or continue where a killed call stopped, without an export; see `train`."""
        self.check(config, split, weights)
        if self.is_begun:
            plan = plan_resumption(self.run, data)
        else:
            plan = plan_training(config, data, split=split, weights=weights)
        training_run.train(plan, self.run, console)

    def check(
        self, config: TrainingConfig, split: DataSplit, weights: TrainedWeights | None
    ) -> None:
        """Check that a run in the folder, if any, has this config, split and initial weights.

        Raises:
            RunError: The folder holds a run of another config, split or weights.
        """
        if not self.is_begun:
            return
        now = config.model_dump()
        corrected = {name: now[name] for name in _UNTRAINED_FIELDS}
        source = None if weights is None else weights.source
        for what, found, asked in (
            ("another config", self.run.config().model_copy(update=corrected), config),
            ("another split", self.run.split(), split),
            ("other initial weights", self.run.record().initial_weights, source),
        ):
            if found != asked:
                raise RunError(f"{self.run.path} was begun with {what}; choose another --out")
