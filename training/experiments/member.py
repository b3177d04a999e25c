"""One of several trainings that make one result: its run and its bundle, in a folder."""

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

_FREE = ("version", "card", "protocols", "targets")


@dataclass(frozen=True)
class Member:
    """A training among several.

    Attributes:
        folder: Gets the run and the bundle.
        bundle_name: The bundle's, and its folder's.
    """

    folder: Path
    bundle_name: str = "bundle"

    @property
    def run(self) -> RunFolder:
        """The run."""
        return RunFolder(self.folder / "run")

    @property
    def bundle(self) -> Path:
        """The bundle's folder."""
        return self.folder / self.bundle_name

    @property
    def is_begun(self) -> bool:
        """Whether the folder holds a run."""
        return self.run.is_begun

    @property
    def is_done(self) -> bool:
        """Whether the bundle is there: it is written last, and as a whole."""
        return self.is_begun and (self.bundle / MANIFEST_FILE).is_file()

    def train(
        self,
        config: TrainingConfig,
        data: Path,
        split: DataSplit,
        console: Console,
        weights: TrainedWeights | None = None,
    ) -> None:
        """Train and export, or go on where a killed call stopped.

        Args:
            config: What is trained.
            data: The data set.
            split: Of the data.
            console: Where progress is shown.
            weights: What it begins with, in place of random weights.

        Raises:
            RunError: The folder holds a run that was begun otherwise.
            TrainingError: What a training or an export raises.
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
        """Train, or go on where a killed call stopped, without an export; as `train` otherwise."""
        self.check(config, split, weights)
        if self.is_begun:
            plan = plan_resumption(self.run, data)
        else:
            plan = plan_training(config, data, split=split, weights=weights)
        training_run.train(plan, self.run, console)

    def check(
        self, config: TrainingConfig, split: DataSplit, weights: TrainedWeights | None
    ) -> None:
        """A run goes on as it was begun; other wishes are refused, not passed over.

        Raises:
            RunError: The folder holds a run of another config, split or weights.
        """
        if not self.is_begun:
            return
        # What decides no weight, such as a bar, may be corrected afterwards.
        now = config.model_dump()
        free = {name: now[name] for name in _FREE}
        begun = self.run.config().model_copy(update=free)
        source = None if weights is None else weights.source
        for what, found, asked in (
            ("another config", begun, config),
            ("another split", self.run.split(), split),
            ("other initial weights", self.run.record().initial_weights, source),
        ):
            if found != asked:
                raise RunError(f"{self.run.path} was begun with {what}; choose another --out")
