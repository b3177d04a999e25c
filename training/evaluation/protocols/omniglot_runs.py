"""Omniglot's official one-shot task (Lake, Salakhutdinov, Tenenbaum 2015): 20 runs of 20 trials.

A run has one image of each of 20 characters of one alphabet, drawn by one person, and 20 images of
the same characters by another person, which are classified by the nearest of the former. Training
is allowed on the background alphabets only, so a system that has seen an image of the runs is
refused.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from model.errors import FileError
from model.files import check_regular
from model.scoring import energy
from training.data.image_set import ImageSet, LabelledImage
from training.errors import DataError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest

RUNS_FILE, RUNS, TRIALS = "all_runs.zip", 20, 20
NAME = "Omniglot's official 20 runs, 20-way 1-shot within alphabet: accuracy"

Trial = tuple[str, str]
"""Image to classify, and the one of the same character among the run's 20."""


def measure(system: SystemUnderTest) -> tuple[MeasuredValue, ...]:
    """Measure a system: the mean accuracy over runs, with its standard error over runs.

    Raises:
        DataError: `all_runs.zip` does not lie beside the data, is not as published, or shows
            characters that are not among the system's test identities.
    """
    path = (system.data or Path()) / RUNS_FILE
    try:
        check_regular(path)
        archive = zipfile.ZipFile(path)
    except (FileError, OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read ({error}); the official runs come with Omniglot"
        ) from error
    with archive:
        runs = [_trials(archive, path, run) for run in range(1, RUNS + 1)]
        files = {name: archive.read(name) for run in runs for trial in run for name in trial}
    _check_unseen(files.values(), system)
    shares = [_accuracy(system, trials, files) for trials in runs]
    accuracy = MeasuredValue(
        name=NAME,
        value=float(np.mean(shares)),
        standard_error=float(np.std(shares, ddof=1) / np.sqrt(RUNS)),
        standard_error_over="runs",
        trials=RUNS * TRIALS,
    )
    return (accuracy,)


def _trials(archive: zipfile.ZipFile, path: Path, run: int) -> list[Trial]:
    """Read the trials of a run from its `class_labels.txt`."""
    name = f"run{run:02d}/class_labels.txt"
    try:
        lines = [line.split() for line in archive.read(name).decode().splitlines() if line.strip()]
        trials = [(asked, enrolled) for asked, enrolled in lines]
        for file in (file for trial in trials for file in trial):
            archive.getinfo(file)
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: {name} is not as published: {error}") from error
    if len(trials) != TRIALS or len({enrolled for _, enrolled in trials}) != TRIALS:
        raise DataError(f"{path}: {name} does not name {TRIALS} trials of different characters")
    return trials


def _check_unseen(files: Iterable[bytes], system: SystemUnderTest) -> None:
    tested = {_digest(image.read()) for image in system.tested}
    if unknown := sum(_digest(file) not in tested for file in files):
        raise DataError(
            f"{unknown} images of the official runs are not of test identities; train with the "
            "data set's own split (official)"
        )


def _digest(file: bytes) -> bytes:
    """Digest of the pixels: files of the same drawing are compressed differently."""
    return hashlib.sha256(Image.open(io.BytesIO(file)).convert("L").tobytes()).digest()


def _accuracy(system: SystemUnderTest, trials: list[Trial], files: dict[str, bytes]) -> float:
    asked, _ = system.embed(_image_set([name for name, _ in trials], files))
    enrolled, _ = system.embed(_image_set([name for _, name in trials], files))
    energies = energy(system.metric, asked[:, None], enrolled[None])  # (trials, trials)
    return float(np.mean(energies.argmin(axis=1) == np.arange(len(trials))))


def _image_set(names: list[str], files: dict[str, bytes]) -> ImageSet:
    images = (LabelledImage(name, name, partial(files.__getitem__, name)) for name in names)
    return ImageSet(RUNS_FILE, tuple(images))


def build() -> object:
    """Build the protocol `omniglot_runs`."""
    return measure
