"""Drawn templates of people, with the spectrum of real embeddings, and probes of some of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.gallery.records import Encoding, Enrolment
from model.manifest import Metric
from model.scoring import energy

Rows = NDArray[np.generic]

_DIRECTIONS = 14.5
"""The variance falls by e in so many directions: the embeddings of `faces-crops` have a
participation ratio, (sum of variances)^2 / sum of their squares, of 29, which is twice this."""
_SPREAD = 0.6
"""Distance of an image from its person, before both are scaled to length 1."""
_SEED, _PROBE_SEED = 0, 1
_AT_ONCE = 100_000


@dataclass(frozen=True)
class People:
    """A gallery of drawn people.

    Attributes:
        name: Of the gallery.
        encoding: The bundle that its templates are said to be of.
        rows: One template a person, (people, dim): float32 of length 1, or packed bits in uint8.
        probes: Of people in the gallery and of others, in turn, (probes, dim).
    """

    name: str
    encoding: Encoding
    rows: Rows
    probes: Rows

    def parts(self, size: int = 10_000) -> Iterator[dict[str, Enrolment]]:
        """Yield the templates by name, `7` for row 7, so many at a time."""
        for first in range(0, len(self.rows), size):
            places = range(first, min(first + size, len(self.rows)))
            yield {str(place): Enrolment(1, self.rows[place]) for place in places}

    def nearest(self, top: int) -> list[list[int]]:
        """Rows nearest to each probe, with all that are as near as the last of them."""
        found = []
        for probe in self.probes:
            energies = energy(self.encoding.metric, self.rows, probe)
            last = np.partition(energies, top - 1)[top - 1]
            found.append(np.flatnonzero(energies <= last).tolist())
        return found


def draw(encoding: Encoding, count: int, probes: int) -> People:
    """Draw a gallery of so many people, the same one each time."""
    bits = 8 * encoding.dim if encoding.is_codes else encoding.dim
    random = np.random.default_rng([_SEED, bits])
    persons = np.concatenate(
        [
            _persons(random, min(_AT_ONCE, count - first), bits)
            for first in range(0, count, _AT_ONCE)
        ]
    )
    other = np.random.default_rng([_PROBE_SEED, bits])
    shown = _persons(other, probes, bits)
    shown[::2] = persons[other.integers(count, size=len(shown[::2]))]
    name = f"people-{count}-{bits}-{encoding.metric.value}"
    return People(
        name,
        encoding,
        _seen(random, persons, is_codes=encoding.is_codes),
        _seen(other, shown, is_codes=encoding.is_codes),
    )


def drawn_encoding(metric: Metric, dim: int) -> Encoding:
    """Return an encoding that no bundle has; `dim` counts bytes where the metric is Hamming."""
    sha256 = f"{dim:064x}"
    return Encoding(f"drawn-{metric.value}-{dim}", "1.0.0", sha256, sha256, metric, dim)


def _persons(random: np.random.Generator, count: int, dim: int) -> NDArray[np.float32]:
    scale = np.exp(-np.arange(dim) / (2 * _DIRECTIONS)).astype(np.float32)
    return random.standard_normal((count, dim), dtype=np.float32) * scale


def _seen(random: np.random.Generator, persons: NDArray[np.float32], *, is_codes: bool) -> Rows:
    """Return an image of each person: a unit vector, or the signs of random projections."""
    rows = persons
    for first in range(0, len(rows), _AT_ONCE):
        part = rows[first : first + _AT_ONCE]
        part += _SPREAD * _persons(random, len(part), rows.shape[1])
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    if not is_codes:
        return rows
    dim = rows.shape[1]
    mixed = np.linalg.qr(np.random.default_rng(dim).standard_normal((dim, dim)))[0]
    return np.packbits(rows @ mixed.astype(np.float32) > 0, axis=1)
