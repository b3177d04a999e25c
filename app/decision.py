"""Decisions from embeddings or an energy: pure functions, without HTTP or ONNX Runtime.

The energy is the distance of two embeddings, or the output of a pair model; small means same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from app.errors import ParameterError
from model.bundle import dtype_of
from model.errors import VectorError
from model.manifest import Kind, Manifest
from model.scoring import (
    Choice,
    Energies,
    check_vectors,
    choose,
    energy,
    is_same,
    likelihood_ratio,
    likelihood_ratio_interval,
)

_LARGEST_BYTE = 255
_FLOAT_BYTES = 4
_ROWS_AT_A_TIME = 1024
"""Rows per step: their differences fit into a cache, and bound the memory of a large gallery."""


@dataclass(frozen=True)
class Decision:
    """Decision whether two images show the same thing.

    `likelihood_ratio` is the likelihood of the energy for a genuine pair over that for an impostor
    pair, and `likelihood_ratio_interval` its 95 % interval, None where the bundle has none.
    """

    same: bool
    energy: float
    likelihood_ratio: float
    likelihood_ratio_interval: tuple[float, float] | None
    choice: Choice


@dataclass(frozen=True)
class Comparison:
    """Energies and decisions of one probe against each row of a gallery, both of shape (n,).

    `images` are the numbers of images of the probe and of each thing in the gallery.
    """

    energies: Energies
    same: NDArray[np.bool_]
    choice: Choice
    images: tuple[int, int] = (1, 1)


def choose_threshold(
    manifest: Manifest, threshold: float | None = None, fmr: float | None = None
) -> Choice:
    """Choose the threshold of a request; see `model.scoring.choose`.

    Raises:
        ParameterError: The threshold is below every energy of the bundle.
        OperatingPointError: The bundle has no supported operating point at that `fmr`.
    """
    if threshold is not None and threshold < 0:
        _check_negative(manifest, threshold)
    return choose(manifest.calibration, manifest.accuracy, threshold=threshold, fmr=fmr)


def _check_negative(manifest: Manifest, threshold: float) -> None:
    """Check a negative threshold: only a pair model's energies can be negative."""
    lowest = min(0.0, manifest.accuracy.curve.thresholds[0]) if manifest.kind is Kind.PAIR else 0.0
    if threshold < lowest:
        message = (
            f"no energy of the model {manifest.name} is below {lowest:g}, so that no pair would be "
            "the same; send a larger threshold, or none for the model's own"
        )
        raise ParameterError.of("threshold", message)


def decide(manifest: Manifest, pair: NDArray[Any], choice: Choice) -> Decision:
    """Decide on one pair of embeddings.

    Args:
        manifest: The bundle that made them.
        pair: Shape (2, dim), as the encoder returns them.
        choice: The threshold.

    Raises:
        VectorError: Their energy is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        of_pair = float(energy(manifest.metric, pair[0], pair[1]))
    if not math.isfinite(of_pair):
        compare(manifest, pair[0], pair[1:], choice)  # raises the reason
    return decide_energy(manifest, of_pair, choice)


def decide_energy(manifest: Manifest, energy: float, choice: Choice) -> Decision:
    """Decide on the energy of one pair."""
    model = manifest.calibration.likelihood_ratio
    return Decision(
        same=energy <= choice.threshold,  # As `is_same`, without an array.
        energy=energy,
        likelihood_ratio=likelihood_ratio(model, energy),
        likelihood_ratio_interval=likelihood_ratio_interval(model, energy),
        choice=choice,
    )


def compare(
    manifest: Manifest, probe: NDArray[Any], gallery: NDArray[Any], choice: Choice
) -> Comparison:
    """Compare one probe, shape (dim,), with each row of a gallery, shape (n, dim).

    Raises:
        VectorError: As in `StreamingComparison.take`.
    """
    comparison = StreamingComparison(manifest, probe, len(gallery), choice)
    comparison.take(gallery)
    return comparison.result()


class StreamingComparison:
    """Comparison of one probe, shape (dim,), with a gallery whose rows may come a few at a time."""

    def __init__(self, manifest: Manifest, probe: NDArray[Any], rows: int, choice: Choice) -> None:
        self._manifest, self._probe, self._choice = manifest, probe, choice
        # One copy a row: two flat runs of numbers are subtracted faster than many short ones.
        self._probes = np.tile(probe, (min(rows, _ROWS_AT_A_TIME), 1))
        self._energies = np.empty(rows, dtype=np.float32)
        self._taken = 0

    @staticmethod
    def bytes_for(width: int, rows: int) -> int:
        """Return the bytes of memory that a comparison keeps: one copy a row, and the energies."""
        return _FLOAT_BYTES * (width * min(rows, _ROWS_AT_A_TIME) + rows)

    def take(self, gallery: NDArray[Any]) -> None:
        """Compare the next rows, shape (n, dim).

        Raises:
            VectorError: The energy of a row is not finite: a number in the row or in the probe is
                not finite, or the energy exceeds float32's range. The error names the row.
        """
        energies = self._energies[self._taken : self._taken + len(gallery)]
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(gallery), _ROWS_AT_A_TIME):
                rows = gallery[start : start + _ROWS_AT_A_TIME]
                energies[start : start + len(rows)] = energy(
                    self._manifest.metric, self._probes[: len(rows)], rows
                )
        finite = np.isfinite(energies)
        if not finite.all():
            self._refuse(gallery, int(np.argmin(finite)))
        self._taken += len(gallery)

    def result(self) -> Comparison:
        """Return the energies and decisions, once all rows are taken."""
        energies = self._energies[: self._taken]
        return Comparison(energies, is_same(energies, self._choice.threshold), self._choice)

    def _refuse(self, gallery: NDArray[Any], place: int) -> NoReturn:
        """Raise the reason why the energy of a row is not finite."""
        row = self._taken + place
        _check_finite(self._probe[np.newaxis], self._manifest.embedding_dim, "probe")
        reason = "is too far from the probe to be compared"
        if not np.isfinite(gallery[place]).all():
            reason = "holds a number that is not finite"
        raise VectorError(f"gallery row {row} {reason}", row=row)


def to_vectors(
    manifest: Manifest, rows: Sequence[Sequence[float]] | NDArray[np.float64], role: str
) -> NDArray[np.float32] | NDArray[np.uint8]:
    """Turn a caller's embeddings into an array for the bundle's metric.

    Args:
        manifest: The bundle that the caller names.
        rows: The vectors.
        role: Name of the vectors in errors: `probe` or `gallery`.

    Returns:
        Shape (n, dim): float32, or uint8 where the bundle's embeddings are packed bits.

    Raises:
        VectorError: A row has the wrong length, or a number that is not finite or, for packed bits,
            not a byte. The error names the row.
    """
    _check_lengths(rows, manifest.embedding_dim, role)
    with np.errstate(over="ignore"):
        numbers = np.asarray(rows, dtype=np.float64).reshape(-1, manifest.embedding_dim)
        vectors = numbers.astype(np.float32)
    _check_finite(vectors, manifest.embedding_dim, role)
    if manifest.kind is not Kind.CODES:
        return vectors
    _check_bytes(numbers, role)
    return numbers.astype(dtype_of(manifest.kind))


def check_rows(manifest: Manifest, columns: int, dtype: np.dtype[Any]) -> None:
    """Check the type and width of embeddings that come as an array.

    Raises:
        VectorError: Another type or width than the bundle's. `StreamingComparison` checks the
            numbers by their energies, in a tenth of the time.
    """
    expected = dtype_of(manifest.kind)
    if dtype != expected or columns != manifest.embedding_dim:
        raise VectorError(
            f"the array's rows are {columns} numbers of type {dtype}; this "
            f"model's embeddings are {manifest.embedding_dim} of type {np.dtype(expected)}",
            row=0,
        )


def _check_lengths(
    rows: Sequence[Sequence[float]] | NDArray[np.float64], dim: int, role: str
) -> None:
    # The rows of an array have one length.
    for row, vector in enumerate(rows[:1] if isinstance(rows, np.ndarray) else rows):
        if len(vector) != dim:
            raise VectorError(
                f"{role} row {row} has {len(vector)} numbers; this model's embeddings have {dim}",
                row=row,
            )


def _check_finite(vectors: NDArray[np.float32], dim: int, role: str) -> None:
    try:
        check_vectors(vectors, dim)
    except VectorError as error:
        raise VectorError(f"{role} {error}", row=error.row) from error


def _check_bytes(numbers: NDArray[np.float64], role: str) -> None:
    whole = ((numbers >= 0) & (numbers <= _LARGEST_BYTE) & (numbers % 1 == 0)).all(axis=1)
    if not whole.all():
        row = int(np.argmin(whole))
        raise VectorError(
            f"{role} row {row} holds a number that is not a whole one from 0 to {_LARGEST_BYTE}; "
            "this model's embeddings are packed bits",
            row=row,
        )
