"""A gallery as a .npy body, compared with its first row while it arrives."""

from collections.abc import Callable

from app.api.bodies import npy
from app.decision import Comparison, StreamingComparison, check_rows
from app.errors import BodyTooLargeError
from model.manifest import Manifest
from model.scoring import Choice


class StreamedGallery:
    """Consumer of a body's chunks; it keeps the energies only."""

    def __init__(
        self, manifest: Manifest, choice: Choice, max_rows: int, hold: Callable[[int], None]
    ) -> None:
        """Prepare for a body.

        Args:
            manifest: The bundle that made the embeddings.
            choice: The threshold.
            max_rows: Maximum number of rows in the gallery.
            hold: Called with the bytes of memory that the comparison takes.
        """
        self._manifest, self._choice, self._max_rows = manifest, choice, max_rows
        self._hold = hold
        self._reader = npy.MatrixReader(self._check)
        self._rows = 0
        self._comparison: StreamingComparison | None = None

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
        if self._comparison is None:
            probe, rows = rows[0].copy(), rows[1:]
            self._hold(StreamingComparison.bytes_for(len(probe), self._rows - 1))
            self._comparison = StreamingComparison(
                self._manifest, probe, self._rows - 1, self._choice
            )
        self._comparison.take(rows)

    def close(self) -> Comparison:
        """Return the whole comparison, at the body's end.

        Raises:
            UnreadableBodyError: The body ended before its last row.
        """
        self._reader.close()
        assert self._comparison is not None  # noqa: S101 (for the type checker: no row is missing)
        return self._comparison.result()

    def _check(self, matrix: npy.Matrix) -> None:
        check_rows(self._manifest, matrix.columns, matrix.dtype)
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
