"""The domain check's part of an answer, and what is withheld by it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.api.schemas.answer import Answer
from app.api.schemas.operating_point import OperatingPointAnswer
from app.domain import ComparisonDomain, DomainResult, DomainStatus
from model.scoring import Choice

WITHHELD = (
    "The error rates and the likelihood ratio were measured on images unlike these (see `domain`), "
    "so none is given. Send images of the kind that its card names, or calibrate it on these."
)
WITHHELD_ZONE = f"{WITHHELD} Without them costs and target rates decide nothing, so it is unsure."
WITHHELD_OF_COMPARISON = (
    "The error rates were measured on images unlike these (see `domain`), so none is given. "
    "Send images of the kind that its card names, or calibrate it on these."
)

UNMEASURED = (
    "Nothing was measured for these numbers of images, so that there are no error rates and no "
    "likelihood ratio. GET /models/{name} lists under `templates` the numbers with some."
)


class DomainAnswer(Answer):
    """Result of the domain check: whether the images are like the calibration images."""

    status: Literal["in", "out", "unknown"] = Field(
        description="`out` where any image is more unusual than 99 % of the calibration images; "
        "`unknown` where the model has no domain check."
    )
    percentile: list[float] | None = Field(
        default=None,
        description="For each image the share of the calibration images that are less unusual, in "
        "per cent; of /compare for the probe. Null where unknown.",
    )
    reason: str | None = Field(
        default=None, description="Why it is out or unknown; null where it is in."
    )

    @classmethod
    def of(cls, result: DomainResult) -> DomainAnswer:
        """Return the result of a domain check."""
        percentile = None if result.percentiles is None else list(result.percentiles)
        return cls(status=result.status.value, percentile=percentile, reason=result.reason)


class GalleryDomainAnswer(Answer):
    """Domain check of the gallery's rows."""

    checked: int = Field(
        description="Rows that were checked: all up to 1,000, of more rows at most as many."
    )
    out: int = Field(description="Those that are more unusual than 99 % of the calibration images.")
    rows: list[int] = Field(description="The first 100 of these, as rows of the gallery from 0.")


class ComparisonDomainAnswer(DomainAnswer):
    """Domain check of a probe and its gallery, by their embeddings alone.

    It is `out` where the probe is, or where more rows are than one gallery in 100 like the
    calibration images has.
    """

    gallery: GalleryDomainAnswer | None = Field(default=None, description="Null where unknown.")

    @classmethod
    def of_comparison(cls, domain: ComparisonDomain) -> ComparisonDomainAnswer:
        """Return the results for a probe and its gallery."""
        gallery = domain.gallery and GalleryDomainAnswer(
            checked=domain.gallery.checked,
            out=domain.gallery.out,
            rows=list(domain.gallery.rows),
        )
        return cls(**DomainAnswer.of(domain.probe).model_dump(), gallery=gallery)


def rates_of(domain: DomainResult, choice: Choice) -> OperatingPointAnswer | None:
    """Return the error rates of a decision; None where they are withheld."""
    return None if is_withheld(domain, choice) else OperatingPointAnswer.of(choice)


def is_withheld(domain: DomainResult, choice: Choice) -> bool:
    """Return whether no rates describe a decision.

    That is so where images are out of the domain and no threshold was sent, and where nothing was
    measured for the numbers of images.
    """
    is_out = domain.status is DomainStatus.OUT and not choice.is_own
    return is_out or choice.rates is None


def why_withheld(domain: DomainResult, choice: Choice, out: str) -> str | None:
    """Return why rates are withheld, `out` where images are out of the domain; else None."""
    if choice.rates is None:
        return UNMEASURED
    return out if is_withheld(domain, choice) else None
