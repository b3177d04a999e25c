"""Schemas of the answers."""

from __future__ import annotations

from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

from model.manifest import Kind, Manifest, Metric
from model.scoring import Choice

Interval = tuple[float, float]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelReference(_Answer):
    """The model that answered; the SHA-256 of its graph identifies its weights."""

    name: str
    version: str
    sha256: str

    @classmethod
    def of(cls, manifest: Manifest) -> ModelReference:
        """Return the reference to a bundle."""
        return _reference(manifest.name, manifest.version, manifest.onnx.sha256)


@lru_cache(maxsize=64)
def _reference(name: str, version: str, sha256: str) -> ModelReference:
    """Return one shared reference for each model: every answer has it, and it is immutable."""
    return ModelReference(name=name, version=version, sha256=sha256)


class OperatingPointAnswer(_Answer):
    """Error rates of decisions at a threshold, measured on identities kept for testing."""

    target_fmr: float | None = Field(
        description="The false match rate that the threshold aims at; null where it aims at none."
    )
    fmr: float = Field(
        description="Share of impostor pairs (different) that are taken for the same."
    )
    fmr_interval: Interval = Field(description="95 % interval of `fmr`.")
    fnmr: float = Field(description="Share of genuine pairs (same) that are taken for different.")
    fnmr_interval: Interval = Field(description="95 % interval of `fnmr`.")

    @classmethod
    def of(cls, choice: Choice) -> OperatingPointAnswer:
        """Return the error rates of a choice of threshold."""
        rates = choice.rates
        return cls(
            target_fmr=choice.target_fmr,
            fmr=rates.fmr,
            fmr_interval=rates.fmr_interval,
            fnmr=rates.fnmr,
            fnmr_interval=rates.fnmr_interval,
        )


class VerifyAnswer(_Answer):
    """Decision whether two images show the same thing."""

    same: bool = Field(description="True where the energy does not exceed the threshold.")
    energy: float = Field(
        description="Distance of the two embeddings, or a pair model's answer; small means same."
    )
    threshold: float
    operating_point: OperatingPointAnswer
    likelihood_ratio: float = Field(
        description="How many times likelier the energy is if the two are the same."
    )
    model: ModelReference


class EmbedAnswer(_Answer):
    """One embedding for each image, in their order."""

    embeddings: list[list[float]] | list[list[int]] = Field(
        description="Floats; bytes of packed bits from a model of kind `codes`."
    )
    dim: int = Field(description="Numbers in each embedding.")
    model: ModelReference


class CompareAnswer(_Answer):
    """The energy and the decision for each row of the gallery, in their order."""

    energies: list[float]
    same: list[bool]
    threshold: float
    operating_point: OperatingPointAnswer
    model: ModelReference


class OperatingPointOffer(OperatingPointAnswer):
    """An operating point that a request may ask for by its `target_fmr`."""

    threshold: float


class ModelSummary(_Answer):
    """One served model."""

    name: str
    version: str
    kind: Kind
    sha256: str
    dim: int | None = Field(description="Numbers in an embedding; null of a pair model.")
    metric: Metric
    default: bool = Field(description="Whether it answers requests that name no model.")
    provider: str = Field(description="What runs it: CPU or CUDA.")
    default_operating_point: OperatingPointOffer
    operating_points: list[OperatingPointOffer] = Field(description="The supported ones.")
    summary: str


class RefusedModel(_Answer):
    """A bundle that is in the models folder and was refused; the log says more."""

    name: str
    reason: str


class ModelList(_Answer):
    """All models of this service."""

    models: list[ModelSummary]
    refused: list[RefusedModel]


class Health(_Answer):
    """A sign of life."""

    status: str
