"""One of several trainings that make one result: its run and its bundle, in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from training import session
from training.config import TrainingConfig
from training.data.split import DataSplit
from training.errors import RunError
from training.export import export_run
from training.initial import TrainedWeights
from training.run import RunFolder


@dataclass(frozen=True)
class Repetition:
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
        if (self.run.path / "config.json").exists():
            self._check(config, weights)
            session.resume(data, self.run.path, console)
        else:
            session.begin(config, data, self.run.path, console, split=split, weights=weights)
        export_run(self.run, self.bundle, data)

    def _check(self, config: TrainingConfig, weights: TrainedWeights | None) -> None:
        """A run goes on as it was begun; other wishes are refused, not passed over."""
        begun = self.run.record().initial_weights
        found = self.run.config()
        same = (found.recipe, found.seed) == (config.recipe, config.seed)
        if not same or (weights and weights.source) != begun:
            raise RunError(
                f"{self.run.path} was begun with another config or other initial weights; choose "
                "another --out"
            )
