"""Answers about the service: its models and its health."""

from __future__ import annotations

from pydantic import Field

from app.api.schemas.answer import Answer
from app.api.schemas.operating_point import OperatingPointOffer
from model.manifest import Kind, Metric, Precision, Seen


class ModelSummary(Answer):
    """One served model."""

    name: str
    version: str
    kind: Kind
    sha256: str
    precision: Precision | None = Field(
        None,
        description="Number format of the graph that answers; null where its bundle does not say.",
    )
    precisions: list[Precision] = Field(
        [], description="Those of all graphs of the bundle, which LIKEWISE_PRECISION chooses from."
    )
    dim: int | None = Field(description="Numbers in an embedding; null of a pair model.")
    metric: Metric
    default: bool = Field(description="Whether it answers requests that name no model.")
    provider: str = Field(description="What runs it: CPU or CUDA.")
    default_operating_point: OperatingPointOffer
    operating_points: list[OperatingPointOffer] = Field(description="The supported ones.")
    seen: Seen = Field(
        description=(
            "Whether the identities that the encoder was trained on are known, so that none of "
            "them was measured; if `unknown`, or if `taught` by an encoder of which they are not "
            "known, the rates may be too good."
        )
    )
    locates: bool = Field(
        default=False,
        description="Whether it finds the thing in an image, and compares the crop around it.",
    )
    summary: str


class RefusedModel(Answer):
    """A bundle that is in the models folder and was refused; the log says more."""

    name: str
    reason: str


class ModelList(Answer):
    """All models of this service."""

    models: list[ModelSummary]
    refused: list[RefusedModel]


class Health(Answer):
    """A sign of life."""

    status: str
