"""Provenance part of a manifest: data, config, command and code of weights and calibration."""

from enum import StrEnum

from pydantic import Field

from model.schema.fields import Count, Frozen, Sha256, Version


class CalibrationSource(Frozen):
    """Data of a later calibration, where it is not the data that the bundle was exported with.

    `of` is the bundle whose graph this is, by name and version.
    """

    of: str
    data: str
    data_sha256: Sha256
    seed: int
    command: str
    git_revision: str
    calibrated_at: str


class Seen(StrEnum):
    """Knowledge of the identities that the encoder was trained on."""

    IDENTITIES = "identities"
    """They are known, and none of them was calibrated or tested on."""
    TAUGHT = "taught"
    """They are, but not those of the teacher whose embeddings it learnt: if some of these were
    tested on, the error rates are too good."""
    UNKNOWN = "unknown"
    """They are not: if some were tested on, the error rates are too good."""


class InitialWeights(Frozen):
    """Trained weights that a training began with or learnt from.

    Attributes:
        sha256: Of graph or file.
        seen: Whether the identities that they were trained on are known.
    """

    name: str
    version: Version
    sha256: Sha256
    seen: Seen = Seen.IDENTITIES


def seen_through(*sources: InitialWeights | None) -> Seen:
    """Knowledge of the identities behind a training that began with or learnt from some weights."""
    known = all(source is None or source.seen is Seen.IDENTITIES for source in sources)
    return Seen.IDENTITIES if known else Seen.TAUGHT


class TeacherSource(InitialWeights):
    """Encoder whose embeddings a training learnt from.

    Attributes:
        licence: Terms of its weights, where it was adopted.
        training_data: Data that it was trained on, where it was adopted, as its adopter states it.
    """

    licence: str | None = None
    training_data: str | None = None


class Provenance(Frozen):
    """Origin of the weights, and of the calibration where it was done again.

    `renewed_by` is the command that exported the bundle again from its own graph, if any.
    """

    data: str
    data_sha256: Sha256
    config: str
    config_json: str
    seed: int
    command: str
    git_revision: str
    trained_at: str
    training_seconds: float = Field(ge=0)
    parameters: Count
    train_identities: Count
    train_images: Count
    libraries: dict[str, str]
    initial_weights: InitialWeights | None = None
    teacher: TeacherSource | None = None
    calibrated_on: CalibrationSource | None = None
    renewed_by: str | None = None

    @property
    def seen(self) -> Seen:
        """Knowledge of the identities that encoder, initial weights and teacher were trained on."""
        return seen_through(self.initial_weights, self.teacher)


class Adoption(Frozen):
    """Origin of an encoder that others trained, in place of a provenance.

    Attributes:
        file: Name of the encoder's file, as it was given.
        sha256: Of that file.
        declared: Preprocessing that was declared, in words.
        declared_by: Name of the file that declared it, or `command line`.
        licence: Terms of the encoder's weights, as the adopter states them.
        training_data: Data that it was trained on, as the adopter states it.
        seen: Whether the identities that it was trained on are known.
        data: Name of the data set that it was calibrated and tested on.
        data_sha256: Fingerprint of that data set.
        seed: Of the halves to calibrate and to test on.
        parameters: Number of weights.
        subnormals: Number of subnormal weights that were set to 0.
        calibrated_on: Data of a later calibration, if any.
    """

    file: str
    sha256: Sha256
    declared: str
    declared_by: str
    licence: str = Field(min_length=1)
    training_data: str = "unknown"
    seen: Seen = Seen.UNKNOWN
    data: str
    data_sha256: Sha256
    seed: int
    command: str
    git_revision: str
    adopted_at: str
    parameters: Count
    subnormals: Count
    libraries: dict[str, str]
    calibrated_on: CalibrationSource | None = None
