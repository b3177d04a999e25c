"""The base of all answers, and the reference to the model that gave one."""

from __future__ import annotations

from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

from model.manifest import Manifest, OnnxFile, Precision

Interval = tuple[float, float]


class Answer(BaseModel):
    """Immutable part of an answer."""

    model_config = ConfigDict(frozen=True)


class ModelReference(Answer):
    """The model that answered; the SHA-256 of its graph identifies its weights."""

    name: str
    version: str
    sha256: str
    precision: Precision | None = Field(
        None,
        description="Number format of the graph: a model may have several, whose embeddings "
        "differ. Null where its bundle does not say.",
    )

    @classmethod
    def of(cls, manifest: Manifest) -> ModelReference:
        """Return the reference to a bundle."""
        return _reference(manifest.name, manifest.version, manifest.onnx)


@lru_cache(maxsize=64)
def _reference(name: str, version: str, graph: OnnxFile) -> ModelReference:
    """Return one shared reference for each model: every answer has it, and it is immutable."""
    return ModelReference(
        name=name, version=version, sha256=graph.sha256, precision=graph.precision
    )
