"""Provenance part of a manifest: data, config, command and code of weights and calibration."""

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


class InitialWeights(Frozen):
    """Trained weights that a training began with or learnt from; `sha256` is of graph or file."""

    name: str
    version: Version
    sha256: Sha256


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
    teacher: InitialWeights | None = None
    calibrated_on: CalibrationSource | None = None
    renewed_by: str | None = None
