"""Member of an experiment: one of its trainings, with run and bundle in one folder."""

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

_UNTRAINED_FIELDS = ("version", "card", "protocols", "targets", "choice")
"""Fields of a config that do not influence the weights, and may be corrected afterwards."""


@dataclass(frozen=True)
class Member:
    """One training of an experiment.

    Attributes:
        folder: The folder of the run and the bundle.
        weights: Initial weights, in place of random ones.
        bundle_name: Name of the bundle and of its folder.
    """

    folder: Path
    config: TrainingConfig
    data: Path
    split: DataSplit
    weights: TrainedWeights | None = None
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
    def is_trained(self) -> bool:
        """True if every epoch was trained; raises as `check`."""
        self.check()
        return self.run.is_begun and len(self.run.history()) == self.config.optimisation.epochs

    @property
    def is_done(self) -> bool:
        """True if the bundle was written, which is last and as a whole; raises as `check`."""
        self.check()
        return self.run.is_begun and (self.bundle / MANIFEST_FILE).is_file()

    def train(self, console: Console, *, export: bool = True) -> None:
        """Train and export, or only train; continue where a killed call stopped.

        Raises:
            RunError: The folder holds a run of another config, split or weights.
            TrainingError: The training or the export failed.
        """
        if self.is_done:
            return
        if self.run.is_begun:
            plan = plan_resumption(self.run, self.data)
        else:
            plan = plan_training(self.config, self.data, split=self.split, weights=self.weights)
        training_run.train(plan, self.run, console)
        if export:
            export_run(self.run, self.bundle, self.data)

    def check(self) -> None:
        """Check that a run in the folder, if any, has this config, split and initial weights.

        Raises:
            RunError: The folder holds a run of another config, split or weights.
        """
        if not self.run.is_begun:
            return
        now = self.config.model_dump()
        corrected = {name: now.get(name) for name in _UNTRAINED_FIELDS}
        source = None if self.weights is None else self.weights.source
        for what, found, asked in (
            ("another config", self.run.config().model_copy(update=corrected), self.config),
            ("another split", self.run.split(), self.split),
            ("other initial weights", self.run.record().initial_weights, source),
        ):
            if found != asked:
                raise RunError(f"{self.run.path} was begun with {what}; choose another --out")
