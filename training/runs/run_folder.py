"""Run folder: everything that a training writes and an export reads.

config.json      the config as run
record.json      data, fingerprint, command, revision, library versions
split.json       the identities (or images) of each part, by name
seen.json        digests of the identities that initial weights or a teacher were trained on, if any
targets.npy      an adopted teacher's embeddings of the images that are trained on, if any
checkpoint.pt    the state after the last whole epoch
best.pt          the state after the best epoch, where the config has a patience
history.jsonl    one line for each epoch
tensorboard/     the same figures for `tensorboard --logdir`
"""

import json
import os
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from model.bundle import MANIFEST_FILE, Bundle, Split, open_bundle
from model.errors import FileError, faults
from model.files import check_regular, read_text
from model.manifest import InitialWeights
from model.schema.provenance import Seen, TeacherSource, seen_through
from training.config.schema import TrainingConfig
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.data.split import PARTS, SPLITS, DataSplit
from training.errors import RunError

_Schema = TypeVar("_Schema", bound=BaseModel)
_MAX_TEXT_BYTES = 200_000_000
_UNREADABLE = (
    *(OSError, RuntimeError, EOFError, ValueError, TypeError, LookupError, AttributeError),
    *(MemoryError, OverflowError, AssertionError),
)
"""Exceptions of `torch.load` at damaged or foreign files; it runs no code of theirs."""
_CREATED = {"record.json", "split.json", "seen.json", "config.json"}
"""Files that `create` writes, config.json last; a kill can leave the others behind."""


class RunRecord(BaseModel):
    """Origin of a run: data, code, libraries, command and initial weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    data_name: str
    data_sha256: str
    command: str
    git_revision: str
    libraries: dict[str, str]
    started_at: str
    device: str = "not noted"
    initial_weights: InitialWeights | None = None
    teacher: TeacherSource | None = None

    @property
    def seen(self) -> Seen:
        """Knowledge of the identities that network, initial weights and teacher were trained on."""
        return seen_through(self.initial_weights, self.teacher)


class RunFolder:
    """Reader and writer of a run folder; every file is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_begun(self) -> bool:
        """True if the folder holds a run: its config is written last."""
        return (self.path / "config.json").is_file()

    @property
    def tensorboard(self) -> Path:
        """Folder of TensorBoard's logs."""
        return self.path / "tensorboard"

    def create(
        self,
        config: TrainingConfig,
        record: RunRecord,
        split: DataSplit,
        seen: frozenset[str] = frozenset(),
    ) -> None:
        """Begin a run in a new or empty folder.

        `seen` holds digests of the identities that initial weights or teacher were trained on.

        Raises:
            RunError: The folder is not empty.
        """
        self.check_empty()
        self.path.mkdir(parents=True, exist_ok=True)
        self._write("record.json", record.model_dump_json(indent=1))
        self._write("split.json", json.dumps(asdict(split), indent=1))
        if seen:
            self._write("seen.json", json.dumps(sorted(seen), indent=0))
        self.replace_config(config)

    def check_empty(self) -> None:
        """Check that a run can begin here.

        Raises:
            RunError: The folder is not empty.
        """
        found = self.path.iterdir() if self.path.exists() else ()
        if self.is_begun or not {file.name.removesuffix(".new") for file in found} <= _CREATED:
            raise RunError(
                f"{self.path} is not empty; continue it with --resume, or choose another --out"
            )

    def config(self) -> TrainingConfig:
        """Read the config as run."""
        return _parse(TrainingConfig, self._read("config.json"), self.path)

    def replace_config(self, config: TrainingConfig) -> None:
        """Replace the config by one that would have trained the same weights."""
        self._write("config.json", config.model_dump_json(indent=1))

    def record(self) -> RunRecord:
        """Read the origin of the run."""
        return _parse(RunRecord, self._read("record.json"), self.path)

    def open_data(self, moved_to: Path | None = None) -> ImageSet:
        """Open the data set that the run began with, at its present path.

        Raises:
            RunError: The data set differs from what the run began with.
        """
        record = self.record()
        path = moved_to or Path(record.data)
        images = open_data(path)
        if images.fingerprint() != record.data_sha256:
            raise RunError(
                f"the data at {path} is not what {self.path} began with; give its path with "
                "--data, or train again"
            )
        return images

    def split(self) -> DataSplit:
        """Read the identities, or the images, of each part."""
        kind = SPLITS[self.config().split.by]
        text = self._read("split.json")
        try:
            parts = json.loads(text)
            return kind(**{name: tuple(parts[name]) for name in PARTS})
        except (ValueError, TypeError, LookupError) as error:
            raise RunError(f"{self.path}: split.json is damaged: {error}") from error

    def digests(self) -> Split:
        """Return the split as digests; identities of `seen` count as trained on."""
        split = self.split().digests()
        path = self.path / "seen.json"
        if not path.exists():
            return split
        try:
            seen = frozenset(map(str, json.loads(self._read("seen.json"))))
        except (ValueError, TypeError) as error:
            raise RunError(f"{self.path}: seen.json is damaged: {error}") from error
        return Split(split.train | seen, split.calibration - seen, split.test - seen)

    def save_targets(self, targets: NDArray[np.float32]) -> None:
        """Save a teacher's embeddings of the training images, (images, dim), as a whole."""
        scratch = self.path / "targets.npy.new"
        with scratch.open("wb") as file:
            np.save(file, targets)
        scratch.replace(self.path / "targets.npy")

    def load_targets(self) -> NDArray[np.float32] | None:
        """Read a teacher's embeddings of the training images; None if there are none.

        Raises:
            RunError: The file cannot be read.
        """
        path = self.path / "targets.npy"
        if not path.exists():
            return None
        try:
            check_regular(path)
            targets: NDArray[np.float32] = np.load(path, allow_pickle=False)
        except (FileError, OSError, EOFError, ValueError) as error:
            raise RunError(f"{path} cannot be read ({error}); train again") from error
        return targets

    def save_checkpoint(self, state: dict[str, Any], name: str = "checkpoint.pt") -> None:
        """Replace a checkpoint, `checkpoint.pt` or `best.pt`, as a whole.

        Raises:
            RunError: The file cannot be written; the previous one remains, as after a kill.
        """
        scratch = self.path / f"{name}.new"
        try:
            with scratch.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:
            scratch.unlink(missing_ok=True)
            raise RunError(
                f"the checkpoint cannot be written to {self.path} ({error}); the previous one is "
                "kept: make room and continue with --resume"
            ) from error
        scratch.replace(self.path / name)

    def load_result(self) -> dict[str, Any]:
        """Read the state to export: the best one where it was saved, else the last.

        Raises:
            RunError: The file cannot be read, or no epoch was finished, unless the config has 0.
        """
        state = self.load_checkpoint(self.result_file.name)
        if state is None or (self.config().optimisation.epochs and not state["epoch"]):
            raise RunError(f"{self.path} has no checkpoint yet; train at least one epoch of it")
        return state

    @property
    def result_file(self) -> Path:
        """File of the state to export."""
        best = self.path / "best.pt"
        has_best = self.config().optimisation.patience is not None and best.exists()
        return best if has_best else self.path / "checkpoint.pt"

    def load_checkpoint(self, name: str = "checkpoint.pt") -> dict[str, Any] | None:
        """Read a checkpoint; None if there is none.

        Raises:
            RunError: The file cannot be read.
        """
        path = self.path / name
        if not path.exists():
            return None
        try:
            check_regular(path)
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except (FileError, *_UNREADABLE, pickle.UnpicklingError) as error:
            raise RunError(f"{path} cannot be read ({error}); train again") from error
        if not isinstance(state, dict) or not isinstance(state.get("epoch"), int):
            raise RunError(f"{path} is not a checkpoint; train again")
        return state

    def history(self) -> list[dict[str, float]]:
        """Read the figures of each finished epoch."""
        path = self.path / "history.jsonl"
        lines = self._read(path.name).splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def write_history(self, epochs: list[dict[str, float]]) -> None:
        """Replace the history."""
        self._write("history.jsonl", "".join(json.dumps(epoch) + "\n" for epoch in epochs))

    def _read(self, name: str) -> str:
        try:
            return read_text(self.path / name, _MAX_TEXT_BYTES)
        except FileError as error:
            raise RunError(f"{self.path} is not a run folder: {error}") from error

    def _write(self, name: str, text: str) -> None:
        scratch = self.path / f"{name}.new"
        scratch.write_text(text)
        scratch.replace(self.path / name)


def open_system(path: Path) -> RunFolder | Bundle:
    """Open a run folder, or a bundle with all its checks.

    Raises:
        RunError: The folder is neither.
        BundleError: The bundle does not pass its checks.
    """
    if (path / MANIFEST_FILE).is_file():
        return open_bundle(path)
    if RunFolder(path).is_begun:
        return RunFolder(path)
    raise RunError(f"{path} is neither a run folder nor a bundle")


def _parse(schema: type[_Schema], text: str, path: Path) -> _Schema:
    try:
        return schema.model_validate_json(text)
    except ValidationError as error:
        raise RunError(f"{path} was written by another version: {faults(error)}") from error
