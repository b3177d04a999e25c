"""Searches of probes in galleries, and the share of them that find somebody by mistake.

FPIR(N, t) is the share of probes, of people who are not in the gallery, with at least one match
among the N people in it (ISO/IEC 19795-1; NIST FRTE 1:N). Galleries have one image of each person.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric
from model.scoring import Energies, Vectors, energy

Labels = NDArray[np.int64]
Numbers = NDArray[np.float64]

MAX_PEOPLE: Final = 3000
MAX_COMPARISONS: Final = 10_000_000
"""Bounds the energies of all probes with all people to 40 MB."""


@dataclass(frozen=True)
class Searches:
    """Energies of probes with one image of each person.

    Attributes:
        person: The person of each probe as an index, rising, (probes,). Every person has a probe.
        energies: Of each probe with an image of each person, (probes, people), float32; infinite
            for the probe's own person.
    """

    person: Labels
    energies: Energies

    @property
    def people(self) -> int:
        """Number of people, as probes and as gallery members."""
        return int(self.energies.shape[1])

    @property
    def largest_gallery(self) -> int:
        """Largest gallery whose rate has an interval: without the probe's person and one more."""
        return self.people - 2

    @cached_property
    def weights(self) -> Numbers:
        """Weight of each probe, (probes,): people count alike, and so do the probes of each."""
        return 1 / (np.bincount(self.person)[self.person] * self.people)

    @cached_property
    def observed(self) -> Energies:
        """The different energies, rising."""
        found = np.unique(self.energies)
        return found[np.isfinite(found)]

    def rate(self, size: int, threshold: float) -> float:
        """FPIR at a threshold, over all galleries of `size` people.

        A probe that matches k of M other people has no match in C(M - k, N) of C(M, N) galleries.

        Raises:
            ValueError: There are fewer other people.
        """
        matches = np.count_nonzero(self.matched(threshold), axis=1)
        return float(self.weights @ share_found(self.people - 1, size)[matches])

    def threshold(self, size: int, target: float) -> float:
        """Highest threshold at which FPIR does not exceed a target, in (0, 1).

        It lies midway between two observed energies, as in `threshold_at_fmr`.
        """
        low, high = 0, len(self.observed) - 1  # Number of the different energies that match.
        while low < high:
            middle = (low + high + 1) // 2
            if self.rate(size, float(self.observed[middle - 1])) <= target:
                low = middle
            else:
                high = middle - 1
        if low == 0:
            return float(np.nextafter(np.float64(self.observed[0]), -np.inf))
        return (float(self.observed[low - 1]) + float(self.observed[low])) / 2

    def matched(self, threshold: float) -> NDArray[np.bool_]:
        """Matches of each probe with each person, (probes, people)."""
        # Rounded down, so that the comparison can be in float32, which is fast.
        largest = np.float32(threshold)
        if float(largest) > threshold:
            largest = np.nextafter(largest, np.float32(-np.inf))
        found: NDArray[np.bool_] = self.energies <= largest
        return found


def search(embeddings: Vectors, labels: Labels, metric: Metric, seed: int = 0) -> Searches:
    """Compare each image with one image of each person, chosen at random for each.

    Of many people a random sample is taken, and of each at most so many images as probes that
    there are not more than `MAX_COMPARISONS`.

    Args:
        embeddings: (images, dim).
        labels: Each image's person, (images,).
        metric: Of the embeddings.
        seed: Of the choices.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(np.unique(labels))[:MAX_PEOPLE]
    order = rng.permutation(np.flatnonzero(np.isin(labels, chosen)))
    order = order[np.argsort(labels[order], kind="stable")]
    _, person, counts = np.unique(labels[order], return_inverse=True, return_counts=True)
    first, people = np.cumsum(counts) - counts, len(counts)
    rows = embeddings[order]
    probes = np.flatnonzero(np.arange(len(order)) - first[person] < MAX_COMPARISONS // people**2)
    energies = np.empty((len(probes), people), dtype=np.float32)
    for place, probe in enumerate(probes):
        members = first + (rng.random(people) * counts).astype(np.int64)
        energies[place] = energy(metric, rows[probe], rows[members])
        energies[place, person[probe]] = np.inf
    return Searches(person[probes], energies)


def by_independence(fmr: float, size: int) -> float:
    """FPIR if all comparisons were independent and all people alike, 1 - (1 - FMR)^N."""
    return -math.expm1(size * math.log1p(-fmr)) if fmr < 1 else 1.0


def share_found(others: int, size: int) -> Numbers:
    """Share of the galleries with a match, by the number of other people matched, (others + 1,).

    1 - C(M - k, N) / C(M, N), where each C(M - k, N) is the last one times (M - k - N) / (M - k).
    """
    if not 1 <= size <= others:
        raise ValueError(f"a gallery of {size} people of {others}")
    rest = np.arange(others, 0, -1.0)
    return 1 - np.append(1.0, np.cumprod(np.maximum(rest - size, 0) / rest))
