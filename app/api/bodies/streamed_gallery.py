"""A gallery as a .npy body, compared with its first row while it arrives."""

from __future__ import annotations

from app.api.bodies import npy
from app.decision import Comparison, StreamingComparison, check_rows
from app.errors import BodyTooLargeError
from model.manifest import Manifest
from model.scoring import Choice


class StreamedGallery:
    """Takes the chunks of a body, of which the energies are all that is kept."""

    def __init__(self, manifest: Manifest, choice: Choice, most_rows: int) -> None:
        self._manifest, self._choice, self._most_rows = manifest, choice, most_rows
        self._reader = npy.MatrixReader(self._check)
        self._rows = 0
        self._comparing: StreamingComparison | None = None

    def feed(self, chunk: bytes) -> None:
        """Compare the rows that are complete now.

        Raises:
            UnreadableBodyError: Not a .npy file of such a matrix.
            BodyTooLargeError: Its header promises more rows than are taken.
            VectorError: It promises others than the bundle's, or a row cannot be compared.
        """
        rows = self._reader.feed(chunk)
        if rows is None or not len(rows):
            return
        if self._comparing is None:
            probe, rows = rows[0].copy(), rows[1:]
            self._comparing = StreamingComparison(
                self._manifest, probe, self._rows - 1, self._choice
            )
        self._comparing.take(rows)

    def close(self) -> Comparison:
        """The whole comparison, at the body's end.

        Raises:
            UnreadableBodyError: The body ended before its last row.
        """
        self._reader.close()
        assert self._comparing is not None  # noqa: S101 (for the type checker: no row is missing)
        return self._comparing.result()

    def _check(self, matrix: npy.Matrix) -> None:
        check_rows(self._manifest, matrix.columns, matrix.dtype)
        check_gallery(matrix.rows - 1, self._most_rows)
        self._rows = matrix.rows


def check_gallery(rows: int, most: int) -> None:
    """Refuse more rows than are taken in one call.

    Raises:
        BodyTooLargeError: There are more.
    """
    if rows > most:
        raise BodyTooLargeError(
            f"the gallery has {rows:,} rows; at most {most:,} are taken in one call"
        )
