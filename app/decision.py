"""From embeddings, or an energy, to decisions: pure functions, no HTTP and no runtime."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from model.bundle import dtype_of
from model.errors import VectorError
from model.manifest import Kind, Manifest
from model.scoring import Choice, Energies, check_vectors, choose, energy, is_same, likelihood_ratio

_LARGEST_BYTE = 255
_ROWS_AT_A_TIME = 1024
"""Rows whose differences fit into a processor's cache, and bound the memory of a large gallery."""


@dataclass(frozen=True)
class Decision:
    """Whether two images show the same thing.

    `likelihood_ratio` says how many times likelier the energy is if they do than if they do not.
    """

    same: bool
    energy: float
    likelihood_ratio: float
    choice: Choice


@dataclass(frozen=True)
class Comparison:
    """The energies and decisions of one probe against each row of a gallery, both shape (n,)."""

    energies: Energies
    same: NDArray[np.bool_]
    choice: Choice


def choose_threshold(
    manifest: Manifest, threshold: float | None = None, fmr: float | None = None
) -> Choice:
    """The threshold that a request is decided by; see `model.scoring.choose`.

    Raises:
        OperatingPointError: The bundle has no supported operating point at that `fmr`.
    """
    return choose(manifest.calibration, manifest.accuracy, threshold=threshold, fmr=fmr)


def decide(manifest: Manifest, pair: NDArray[Any], choice: Choice) -> Decision:
    """Decide on one pair of embeddings.

    Args:
        manifest: The bundle that made them.
        pair: Shape (2, dim), as the encoder answers.
        choice: The threshold.

    Raises:
        VectorError: Their energy is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        energies = energy(manifest.metric, pair[0], pair[1:])
    if not math.isfinite(energies[0]):
        compare(manifest, pair[0], pair[1:], choice)  # says why
    return decide_energy(manifest, energies, choice)


def decide_energy(manifest: Manifest, energies: Energies, choice: Choice) -> Decision:
    """Decide on the energy of one pair, shape (1,)."""
    value = float(energies[0])
    ratio = likelihood_ratio(manifest.calibration.likelihood_ratio, value)
    return Decision(bool(is_same(energies, choice.threshold)[0]), value, ratio, choice)


def compare(
    manifest: Manifest, probe: NDArray[Any], gallery: NDArray[Any], choice: Choice
) -> Comparison:
    """Compare one probe, shape (dim,), with each row of a gallery, shape (n, dim).

    Raises:
        VectorError: As `StreamingComparison.take`.
    """
    comparing = StreamingComparison(manifest, probe, len(gallery), choice)
    comparing.take(gallery)
    return comparing.result()


class StreamingComparison:
    """One probe, shape (dim,), and a gallery of so many rows, which may come a few at a time."""

    def __init__(self, manifest: Manifest, probe: NDArray[Any], rows: int, choice: Choice) -> None:
        self._manifest, self._probe, self._choice = manifest, probe, choice
        # One for each row: two flat runs of numbers are subtracted faster than many short ones.
        self._probes = np.tile(probe, (min(rows, _ROWS_AT_A_TIME), 1))
        self._energies = np.empty(rows, dtype=np.float32)
        self._taken = 0

    def take(self, gallery: NDArray[Any]) -> None:
        """Compare the next rows, shape (n, dim).

        Raises:
            VectorError: The energy of a row is not finite, because of a number in it or in the
                probe that is not, or because it is beyond float32's range; it names the row.
        """
        energies = self._energies[self._taken : self._taken + len(gallery)]
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(gallery), _ROWS_AT_A_TIME):
                some = gallery[start : start + _ROWS_AT_A_TIME]
                energies[start : start + len(some)] = energy(
                    self._manifest.metric, self._probes[: len(some)], some
                )
        finite = np.isfinite(energies)
        if not finite.all():
            self._refuse(gallery, int(np.argmin(finite)))
        self._taken += len(gallery)

    def result(self) -> Comparison:
        """The energies and decisions, once all rows are taken."""
        energies = self._energies[: self._taken]
        return Comparison(energies, is_same(energies, self._choice.threshold), self._choice)

    def _refuse(self, gallery: NDArray[Any], place: int) -> NoReturn:
        """Say why the energy of a row is not finite."""
        row = self._taken + place
        _check_finite(self._probe[np.newaxis], self._manifest.embedding_dim, "probe")
        what = "is too far from the probe to be compared"
        if not np.isfinite(gallery[place]).all():
            what = "holds a number that is not finite"
        raise VectorError(f"gallery row {row} {what}", row=row)


def to_vectors(
    manifest: Manifest, rows: Sequence[Sequence[float]], role: str
) -> NDArray[np.float32] | NDArray[np.uint8]:
    """Turn a caller's embeddings into an array that the bundle's metric takes.

    Args:
        manifest: The bundle that they are said to come from.
        rows: The vectors.
        role: What an error calls them: `probe` or `gallery`.

    Returns:
        Shape (n, dim): float32, or uint8 where the bundle's embeddings are packed bits.

    Raises:
        VectorError: A row of the wrong length, or with a number that is not finite or, for packed
            bits, not a byte; it names the row.
    """
    _check_lengths(rows, manifest.embedding_dim, role)
    with np.errstate(over="ignore"):
        numbers = np.array(rows, dtype=np.float64).reshape(-1, manifest.embedding_dim)
        vectors = numbers.astype(np.float32)
    _check_finite(vectors, manifest.embedding_dim, role)
    if manifest.kind is not Kind.CODES:
        return vectors
    _check_bytes(numbers, role)
    return numbers.astype(dtype_of(manifest.kind))


def check_rows(manifest: Manifest, columns: int, dtype: np.dtype[Any]) -> None:
    """Check the rows of embeddings that come as an array.

    Raises:
        VectorError: Of another type or width than the bundle's. Their numbers are looked at by
            `StreamingComparison`, whose energies tell in a tenth of the time.
    """
    wanted = dtype_of(manifest.kind)
    if dtype != wanted or columns != manifest.embedding_dim:
        raise VectorError(
            f"the array's rows are {columns} numbers of type {dtype}; this "
            f"model's embeddings are {manifest.embedding_dim} of type {np.dtype(wanted)}",
            row=0,
        )


def _check_lengths(rows: Sequence[Sequence[float]], dim: int, role: str) -> None:
    for row, vector in enumerate(rows):
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
