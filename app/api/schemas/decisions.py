"""Answers of /verify, /embed and /compare."""

from __future__ import annotations

from pydantic import Field, computed_field

from app.api.schemas.answer import Answer, Interval, ModelReference
from app.api.schemas.domain import ComparisonDomainAnswer, DomainAnswer
from app.api.schemas.identification import IdentificationAnswer
from app.api.schemas.location import LocatedAnswer
from app.api.schemas.meaning import meaning_of
from app.api.schemas.operating_point import OperatingPointAnswer
from app.api.schemas.zone import ZoneAnswer
from app.zone import Outcome


class VerifyAnswer(Answer):
    """Decision whether two images show the same thing."""

    same: bool = Field(description="True where the energy does not exceed the threshold.")
    decision: Outcome = Field(
        description="As `same`; where costs or a pair of target rates were sent, by `zone`: "
        "`unsure` between its limits, and where it is withheld."
    )
    energy: float = Field(
        description="Distance of the two embeddings, or a pair model's answer; small means same."
    )
    images: tuple[int, int] = Field(
        default=(1, 1),
        description="Numbers of images of the two sides. Threshold, rates and likelihood ratio are "
        "those of these numbers.",
    )
    threshold: float = Field(description="Threshold of `same`, in units of the energy.")
    zone: ZoneAnswer | None = Field(
        None,
        description="Limits of `decision` and its error rates; null where neither costs nor a pair "
        "of target rates were sent, or where it is withheld.",
    )
    operating_point: OperatingPointAnswer | None = Field(
        description="Error rates at the threshold; null where they are withheld."
    )
    likelihood_ratio: float | None = Field(
        description="How many times likelier the energy is if the two are the same; null where "
        "it is withheld."
    )
    likelihood_ratio_interval: Interval | None = Field(
        default=None,
        description="95 % interval over people of `likelihood_ratio`, within the bounds that the "
        "calibration data supports; null where the model has none, "
        "or it is withheld.",
    )
    located: list[LocatedAnswer] | None = Field(
        default=None,
        description="What is compared of each image, those of the first side first; null of a "
        "model without a locator, which compares whole images.",
    )
    domain: DomainAnswer
    withheld: str | None = Field(
        default=None,
        description="Why there are no error rates and no likelihood ratio; null where there are.",
    )
    model: ModelReference

    @computed_field(  # type: ignore[prop-decorator]
        description="The decision and how often such a decision is wrong, as a sentence."
    )
    @property
    def meaning(self) -> str:
        """The decision and how often such a decision is wrong, as a sentence."""
        return meaning_of(self.decision, self.zone or self.operating_point, self.domain)


class EmbedAnswer(Answer):
    """One embedding for each image, in their order."""

    embeddings: list[list[float]] | list[list[int]] = Field(
        description="Floats; bytes of packed bits from a model of kind `codes`."
    )
    dim: int = Field(description="Numbers in each embedding.")
    located: list[LocatedAnswer] | None = Field(
        default=None,
        description="What is embedded of each image; null of a model without a locator.",
    )
    domain: DomainAnswer
    model: ModelReference


class CompareAnswer(Answer):
    """The energy and the decision for each row of the gallery, in their order."""

    energies: list[float]
    same: list[bool]
    images: tuple[int, int] = Field(
        default=(1, 1),
        description="Numbers of images of the probe, and of each thing in the gallery; there is "
        "one energy and one decision for each thing.",
    )
    threshold: float
    operating_point: OperatingPointAnswer | None = Field(
        description="Error rates at the threshold; null where they are withheld."
    )
    identification: IdentificationAnswer | None = Field(
        default=None,
        description="Error rates of the whole search, where each row is another identity; null "
        "where there are none (`identification_reason`).",
    )
    identification_reason: str | None = Field(
        default=None, description="Why `identification` is null; null where it is not."
    )
    domain: ComparisonDomainAnswer
    withheld: str | None = Field(
        default=None, description="Why there are no error rates; null where there are."
    )
    model: ModelReference
