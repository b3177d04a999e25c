"""Origin of a model's weights and calibration, as its manifest states it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Seen = Literal["identities", "taught", "unknown"]
"""Knowledge of the identities that an encoder was trained on; none of known ones was measured.

`taught`: they are known, but not those of the teacher whose embeddings it learnt.
"""


@dataclass(frozen=True)
class CalibrationSource:
    """Source of a recalibration, where it is not the data that the bundle was exported with."""

    of: str
    data: str
    data_sha256: str
    seed: int
    command: str
    git_revision: str
    calibrated_at: str


@dataclass(frozen=True)
class InitialWeights:
    """Trained weights that a training began with or learnt from; `sha256` is of graph or file."""

    name: str
    version: str
    sha256: str
    seen: Seen = "identities"


@dataclass(frozen=True)
class TeacherSource(InitialWeights):
    """Encoder whose embeddings a training learnt from; the texts are those of an adopted one."""

    licence: str | None = None
    training_data: str | None = None


@dataclass(frozen=True)
class Provenance:
    """Origin of the weights and, where it was done separately, of the calibration."""

    data: str
    data_sha256: str
    config: str
    config_json: str
    seed: int
    command: str
    git_revision: str
    trained_at: str
    training_seconds: float
    parameters: int
    train_identities: int
    train_images: int
    libraries: dict[str, str]
    initial_weights: InitialWeights | None = None
    teacher: TeacherSource | None = None
    calibrated_on: CalibrationSource | None = None
    renewed_by: str | None = None


@dataclass(frozen=True)
class Adoption:
    """Origin of an encoder that others trained, in place of a provenance."""

    file: str
    sha256: str
    declared: str
    declared_by: str
    licence: str
    data: str
    data_sha256: str
    seed: int
    command: str
    git_revision: str
    adopted_at: str
    parameters: int
    subnormals: int
    libraries: dict[str, str]
    training_data: str = "unknown"
    seen: Seen = "unknown"
    calibrated_on: CalibrationSource | None = None
