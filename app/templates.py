"""Templates: several images of one thing on a side of a comparison."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from app.decision import Comparison, choose_threshold
from app.errors import ParameterError, TemplateSizeError, TooManyImagesError
from model.errors import VectorError
from model.identification import choose_for_gallery
from model.manifest import Manifest, TemplateRule
from model.scoring import Choice, Energies, is_same
from model.templates import combined_energy, template, template_energy

Sizes = tuple[int, int]
"""Numbers of images of the two sides."""

ONE_IMAGE: Sizes = (1, 1)
_FLOAT_BYTES = 4
_BITS = 8
_ROWS_AT_A_TIME = 1024


def rule_of(manifest: Manifest) -> TemplateRule:
    """Return the bundle's rule for several images on a side.

    Raises:
        TemplateSizeError: It was not measured with several images on a side.
    """
    if manifest.templates is None:
        version = manifest.schema_version
        reason = (
            "its bundle is of schema version 1, which has no operating points for that; renew it"
            if version == 1
            else "its calibration data has too few identities with several images"
        )
        raise TemplateSizeError(
            f"the model {manifest.name} takes one image on each side: {reason}", ()
        )
    return manifest.templates.rule


def choose_for(
    manifest: Manifest, images: Sizes, threshold: float | None = None, fmr: float | None = None
) -> tuple[Manifest, Choice]:
    """Choose the threshold of a request with so many images on the two sides.

    Returns:
        The manifest with the calibration and accuracy that apply, and the threshold. Where there
        are none, a threshold of the request's own decides, without rates.

    Raises:
        TemplateSizeError: There are none, and no threshold was sent; or the bundle has no rule.
        ParameterError: As `choose_threshold`.
        OperatingPointError: As `choose_threshold`.
    """
    try:
        measured = applied(manifest, images)
    except TemplateSizeError:
        if threshold is None or manifest.templates is None:
            raise
        return manifest, replace(choose_threshold(manifest, threshold), rates=None)
    return measured, choose_threshold(measured, threshold, fmr)


def choose_for_rows(
    manifest: Manifest,
    images: Sizes,
    threshold: float | None,
    fmr: float | None,
    fpir: float | None,
) -> Callable[[int], Choice]:
    """Choose the threshold of a comparison, as far as it does not depend on the gallery.

    Returns:
        A function of the number of things in the gallery; it raises IdentificationError where
        `fpir` is not supported for so many.

    Raises:
        TemplateSizeError, ParameterError, OperatingPointError: As `choose_for`; ParameterError also
            for `fpir` beside `fmr` or with several images on a side, which is not measured.
    """
    if fpir is not None and fmr is not None:
        raise ParameterError.of("fpir", "send either this or `fmr`")
    if threshold is None and fpir is not None:
        if images != ONE_IMAGE:
            raise ParameterError.of("fpir", "is for one image on each side; send `fmr`")
        return partial(choose_for_gallery, manifest, fpir=fpir)
    _, choice = choose_for(manifest, images, threshold, fmr)
    return lambda _: choice


def applied(manifest: Manifest, images: Sizes) -> Manifest:
    """Return the manifest with the calibration and accuracy of so many images on the two sides.

    Raises:
        TemplateSizeError: The bundle has none for these numbers.
    """
    if images == ONE_IMAGE:
        return manifest
    rule_of(manifest)
    assert manifest.templates is not None  # noqa: S101 (for the type checker)
    size = manifest.templates.size(images)
    if size is None:
        sizes = tuple(size.images for size in manifest.templates.sizes)
        listed = ", ".join(f"{fewer} and {more}" for fewer, more in sizes)
        raise TemplateSizeError(
            f"the model {manifest.name} has no operating points for {images[0]} and {images[1]} "
            f"images; there are some for 1 and 1, {listed}. Send so many, or your own threshold",
            sizes,
        )
    changes = {"calibration": size.calibration, "accuracy": size.accuracy}
    return manifest.model_copy(update=changes)


class TemplateComparison:
    """Comparison of one template with those of a gallery, whose rows may come a few at a time."""

    def __init__(
        self, manifest: Manifest, probe: NDArray[Any], templates: int, images: int, choice: Choice
    ) -> None:
        """Prepare.

        Args:
            manifest: The bundle that made the embeddings.
            probe: The probe's embeddings, shape (images, dim).
            templates: Number of templates in the gallery.
            images: Consecutive rows of the gallery that are one template's.
            choice: The threshold.

        Raises:
            TemplateSizeError: The bundle has no rule for templates.
        """
        self._rule, self._metric = rule_of(manifest), manifest.metric
        self._images, self._choice = images, choice
        self._probe_rows = probe
        with np.errstate(over="ignore", invalid="ignore"):
            self._probe = template(self._rule, probe)
        self._energies = np.empty(templates, dtype=np.float32)
        self._taken = 0
        self._rest = probe[:0]

    @staticmethod
    def bytes_for(width: int, templates: int, images: int) -> int:
        """Return the bytes that a comparison keeps at most, of embeddings of so many numbers."""
        rows = _ROWS_AT_A_TIME + 2 * images
        return _FLOAT_BYTES * (_BITS * width * rows + templates)

    def take(self, gallery: NDArray[Any]) -> None:
        """Compare the templates that the next rows, shape (n, dim), complete.

        Raises:
            VectorError: The energy of a template is not finite: a number in one of its rows or in
                the probe is not finite, or the energy exceeds float32's range.
        """
        rows = np.concatenate([self._rest, gallery]) if len(self._rest) else gallery
        step = max(1, _ROWS_AT_A_TIME // self._images) * self._images
        whole = len(rows) // self._images * self._images
        for start in range(0, whole, step):
            self._compare(rows[start : min(start + step, whole)])
        self._rest = rows[whole:].copy()

    def result(self) -> Comparison:
        """Return the energies and decisions, once all rows are taken."""
        energies = self._energies[: self._taken]
        same, images = is_same(energies, self._choice.threshold), len(self._probe_rows)
        return Comparison(energies, same, self._choice, (images, self._images))

    def _compare(self, rows: NDArray[Any]) -> None:
        groups = rows.reshape(-1, self._images, rows.shape[1])
        with np.errstate(over="ignore", invalid="ignore"):
            templates = template(self._rule, groups)
            energies = template_energy(self._rule, self._metric, self._probe, templates)
        finite = np.isfinite(energies)
        if not finite.all():
            self._refuse(rows, int(np.argmin(finite)))
        self._energies[self._taken : self._taken + len(energies)] = energies
        self._taken += len(energies)

    def _refuse(self, rows: NDArray[Any], place: int) -> NoReturn:
        """Raise the reason why the energy of a template is not finite."""
        bad_probe = ~np.isfinite(self._probe_rows).all(axis=1)
        if bad_probe.any():
            row = int(np.argmax(bad_probe))
            raise VectorError(f"probe row {row} holds a number that is not finite", row=row)
        first = place * self._images
        bad = ~np.isfinite(rows[first : first + self._images]).all(axis=1)
        row = self._taken * self._images + first + int(np.argmax(bad))
        reason = "holds a number that is not finite"
        if not bad.any():
            reason = "begins a template that is too far from the probe to be compared"
        raise VectorError(f"gallery row {row} {reason}", row=row)


def template_energies(
    manifest: Manifest, embeddings: NDArray[Any], images: Sizes, choice: Choice
) -> Energies:
    """Energy of two templates, shape (1,).

    Args:
        manifest: The bundle that made the embeddings.
        embeddings: Those of the one template's images, then the other's, shape (n1 + n2, dim).
        images: n1 and n2.
        choice: The threshold.

    Raises:
        VectorError: The energy is not finite.
    """
    one, other = images
    comparison = TemplateComparison(manifest, embeddings[:one], 1, other, choice)
    comparison.take(embeddings[one:])
    return comparison.result().energies


def check_pairs(images: Sizes, most: int) -> None:
    """Check the number of pairs that a pair model has to run for.

    Raises:
        TooManyImagesError: More than the number of images that one call may have.
    """
    pairs = images[0] * images[1]
    if pairs > most:
        raise TooManyImagesError(
            f"{images[0]} and {images[1]} images are {pairs} pairs, of which this model compares "
            f"at most {most} in one call; send fewer images"
        )


def score_templates(
    score: Callable[[NDArray[np.uint8], NDArray[np.uint8]], Energies],
    tensor: NDArray[np.uint8],
    images: Sizes,
    max_batch: int,
) -> Energies:
    """Energy of two templates by a pair model, shape (1,).

    Args:
        score: First and second images, each (n, height, width, channels), to energies, (n,).
        tensor: The images of the one template, then the other's, (n1 + n2, height, width,
            channels).
        images: n1 and n2.
        max_batch: Maximum number of pairs in one run of the graph.
    """
    if images == ONE_IMAGE:
        return score(tensor[:1], tensor[1:])
    left, right = np.divmod(np.arange(images[0] * images[1]), images[1])
    starts = range(0, len(left), max_batch)
    parts = [slice(start, start + max_batch) for start in starts]
    energies = [score(tensor[left[part]], tensor[images[0] + right[part]]) for part in parts]
    return combined_energy(np.concatenate(energies).reshape(1, *images))
