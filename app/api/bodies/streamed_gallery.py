"""A gallery as a .npy body, compared with its first rows while it arrives."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.api.bodies import npy
from app.catalog.catalog import ServedModel
from app.decision import Comparison, StreamingComparison, check_rows
from app.domain import ComparisonDomain, GalleryCheck
from app.errors import BodyTooLargeError, ParameterError
from app.templates import ONE_IMAGE, Sizes, TemplateComparison
from model.scoring import Choice


class StreamedGallery:
    """Consumer of a body's chunks; it keeps the energies only."""

    def __init__(
        self,
        model: ServedModel,
        choose: Callable[[int], Choice],
        max_rows: int,
        hold: Callable[[int], None],
        images: Sizes = ONE_IMAGE,
    ) -> None:
        """Prepare for a body.

        Args:
            model: The model that made the embeddings.
            choose: Returns the threshold for a gallery of so many things.
            max_rows: Maximum number of rows in the gallery.
            hold: Called with the bytes of memory that the comparison takes.
            images: Rows of the probe, and of each template of the gallery.
        """
        self._model, self._choose, self._max_rows = model, choose, max_rows
        self._hold, self._images = hold, images
        self._reader = npy.MatrixReader(self._check)
        self._rows = 0
        self._probe: list[NDArray[Any]] = []
        self._comparison: StreamingComparison | TemplateComparison | None = None
        self._domain: GalleryCheck | None = None

    def feed(self, chunk: bytes) -> None:
        """Compare the rows that the chunk completes.

        Raises:
            UnreadableBodyError: Not a .npy file of such a matrix.
            BodyTooLargeError: The header declares more rows than one call may have.
            ParameterError: It declares rows that are no whole number of templates.
            IdentificationError: There is no threshold for so many.
            VectorError: The rows have another type or width than the bundle's embeddings, or a row
                cannot be compared.
        """
        rows = self._reader.feed(chunk)
        if rows is None or not len(rows):
            return
        if self._comparison is None or self._domain is None:
            missing = self._images[0] - sum(map(len, self._probe))
            self._probe.append(rows[:missing].copy())
            rows = rows[missing:]
            if sum(map(len, self._probe)) < self._images[0]:
                return
            probe = np.concatenate(self._probe)
            self._comparison = self._begin(probe)
            self._domain = GalleryCheck(self._model.domain, self._model.manifest, probe, self._rows)
        self._comparison.take(rows)
        self._domain.take(rows)

    def close(self) -> tuple[Comparison, ComparisonDomain]:
        """Return the whole comparison and its domain check, at the body's end.

        Raises:
            UnreadableBodyError: The body ended before its last row.
        """
        self._reader.close()
        # For the type checker: no row is missing.
        assert self._comparison is not None  # noqa: S101
        assert self._domain is not None  # noqa: S101
        return self._comparison.result(), self._domain.result()

    def _begin(self, probe: NDArray[Any]) -> StreamingComparison | TemplateComparison:
        manifest, rows, of_each = self._model.manifest, self._rows, self._images[1]
        choice = self._choose(rows // of_each)
        if self._images == ONE_IMAGE:
            self._hold(StreamingComparison.bytes_for(probe.shape[1], rows))
            return StreamingComparison(manifest, probe[0], rows, choice)
        self._hold(TemplateComparison.bytes_for(probe.shape[1], rows // of_each, of_each))
        return TemplateComparison(manifest, probe, rows // of_each, of_each, choice)

    def _check(self, matrix: npy.Matrix) -> None:
        check_rows(self._model.manifest, matrix.columns, matrix.dtype)
        self._rows = matrix.rows - self._images[0]
        check_gallery(self._rows, self._max_rows, self._images[1])
        self._choose(self._rows // self._images[1])  # Refused before the rows arrive.


def check_gallery(rows: int, max_rows: int, of_each: int = 1) -> None:
    """Check the number of rows.

    Raises:
        BodyTooLargeError: More than one call may have.
        ParameterError: None, or no whole number of templates of `of_each` rows.
    """
    if rows > max_rows:
        raise BodyTooLargeError(
            f"the gallery has {rows:,} rows; at most {max_rows:,} are taken in one call"
        )
    if rows < 1 or rows % of_each:
        message = f"a gallery of {max(0, rows):,} rows is no number of templates of {of_each} rows"
        raise ParameterError.of("gallery_images", message)
