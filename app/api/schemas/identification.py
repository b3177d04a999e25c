"""Error rates of a search: one probe against a gallery."""

from __future__ import annotations

from pydantic import Field

from app.api.schemas.answer import Answer, Interval
from app.api.schemas.domain import WITHHELD_OF_COMPARISON, why_withheld
from app.decision import Comparison
from app.domain import DomainResult
from app.templates import ONE_IMAGE, Sizes
from model.identification import error_of_gallery, reason_missing
from model.manifest import Manifest
from model.scoring import Choice

SEVERAL_IMAGES = "one against many was measured with one image on each side"


class IdentificationAnswer(Answer):
    """Error rates of a search in the gallery, measured on identities kept for testing.

    Each row is taken for another identity. With several rows of one the rates are those of a
    larger gallery than there is.
    """

    gallery_size: int = Field(description="Rows of the gallery.")
    fpir: float = Field(
        description="Share of probes of nobody in the gallery that match at least one row "
        "(false positive identification rate)."
    )
    fpir_interval: Interval = Field(description="95 % interval of `fpir`.")
    fnmr: float = Field(
        description="Share of probes of somebody in the gallery that do not match the row of their "
        "own identity (false negative identification rate). Identities count alike; of a bundle "
        "that is older than this figure, pairs of images do."
    )
    fnmr_interval: Interval = Field(description="95 % interval of `fnmr`.")
    target_fpir: float | None = Field(
        default=None,
        description="The `fpir` that the threshold aims at; null where none was sent.",
    )


def identification_of(
    manifest: Manifest, domain: DomainResult, comparison: Comparison
) -> tuple[IdentificationAnswer | None, str | None]:
    """Return the error rates of a comparison as a search, or None and the reason."""
    return search_rates(
        manifest, domain, comparison.choice, len(comparison.energies), comparison.images
    )


def search_rates(
    manifest: Manifest, domain: DomainResult, choice: Choice, rows: int, images: Sizes
) -> tuple[IdentificationAnswer | None, str | None]:
    """Return the error rates of a search among so many rows, or None and the reason.

    Args:
        manifest: The bundle.
        domain: Domain check of the probe.
        choice: The threshold.
        rows: Number of rows, each of another identity.
        images: Numbers of images of the probe and of each row.
    """
    withheld = why_withheld(domain, choice, WITHHELD_OF_COMPARISON)
    if withheld is not None or choice.rates is None:
        return None, withheld
    if images != ONE_IMAGE:
        return None, SEVERAL_IMAGES
    found = error_of_gallery(manifest, rows, choice)
    if found is None:
        return None, reason_missing(manifest, rows)
    answer = IdentificationAnswer(
        gallery_size=rows,
        fpir=found.fpir,
        fpir_interval=found.fpir_interval,
        fnmr=choice.rates.fnmr if found.fnir is None else found.fnir,
        fnmr_interval=found.fnir_interval or choice.rates.fnmr_interval,
        target_fpir=choice.target_fpir,
    )
    return answer, None


def fpir_headers(
    manifest: Manifest, domain: DomainResult, comparison: Comparison
) -> dict[str, str]:
    """Return the headers of a comparison as a search, those that there are."""
    found, _ = identification_of(manifest, domain, comparison)
    target = comparison.choice.target_fpir
    headers = {} if found is None else {"X-FPIR": repr(found.fpir)}
    return headers | ({} if target is None else {"X-Target-FPIR": repr(target)})
