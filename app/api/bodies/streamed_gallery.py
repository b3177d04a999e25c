"""A gallery as a .npy body, compared with its first row while it arrives."""

from collections.abc import Callable

from app.api.bodies import npy
from app.catalog.catalog import ServedModel
from app.decision import Comparison, StreamingComparison, check_rows
from app.domain import ComparisonDomain, GalleryCheck
from app.errors import BodyTooLargeError
from model.scoring import Choice


class StreamedGallery:
    """Consumer of a body's chunks; it keeps the energies only."""

    def __init__(
        self, model: ServedModel, choice: Choice, max_rows: int, hold: Callable[[int], None]
    ) -> None:
        """Prepare for a body.

        Args:
            model: The model that made the embeddings.
            choice: The threshold.
            max_rows: Maximum number of rows in the gallery.
            hold: Called with the bytes of memory that the comparison takes.
        """
        self._model, self._choice, self._max_rows = model, choice, max_rows
        self._hold = hold
        self._reader = npy.MatrixReader(self._check)
        self._rows = 0
        self._comparison: StreamingComparison | None = None
        self._domain: GalleryCheck | None = None

    def feed(self, chunk: bytes) -> None:
        """Compare the rows that the chunk completes.

        Raises:
            UnreadableBodyError: Not a .npy file of such a matrix.
            BodyTooLargeError: The header declares more rows than one call may have.
            VectorError: The rows have another type or width than the bundle's embeddings, or a row
                cannot be compared.
        """
        rows = self._reader.feed(chunk)
        if rows is None or not len(rows):
            return
        if self._comparison is None or self._domain is None:
            probe, rows = rows[0].copy(), rows[1:]
            count, manifest = self._rows - 1, self._model.manifest
            self._hold(StreamingComparison.bytes_for(len(probe), count))
            self._comparison = StreamingComparison(manifest, probe, count, self._choice)
            self._domain = GalleryCheck(self._model.domain, manifest, probe, count)
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

    def _check(self, matrix: npy.Matrix) -> None:
        check_rows(self._model.manifest, matrix.columns, matrix.dtype)
        check_gallery(matrix.rows - 1, self._max_rows)
        self._rows = matrix.rows


def check_gallery(rows: int, max_rows: int) -> None:
    """Check the number of rows.

    Raises:
        BodyTooLargeError: More than one call may have.
    """
    if rows > max_rows:
        raise BodyTooLargeError(
            f"the gallery has {rows:,} rows; at most {max_rows:,} are taken in one call"
        )
