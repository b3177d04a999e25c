"""Condition 1 of Chopra, Hadsell, LeCun 2005, section 2.2, measured.

    ∃ m > 0:  E_W(X1, X2) + m < E_W(X1, X2′)

for a genuine pair (X1, X2) and an impostor pair (X1, X2′). A trained system satisfies it for most
such triples, not for all. Measured is the share of triples, with m = 0 and with m a tenth of the
mean impostor energy.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric
from model.scoring import Vectors, energy
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest

MARGINS = (0.0, 0.1)
"""Values of m, as shares of the mean impostor energy."""


@dataclass(frozen=True)
class Separation:
    """Share of triples that satisfy Condition 1; up to `per_identity` images of an identity."""

    per_identity: int = 10

    def __call__(self, system: SystemUnderTest) -> Iterator[MeasuredValue]:
        """Measure every triple of the test identities' images."""
        tested = system.tested
        embeddings, labels = system.embed(tested.of(tested.identities, self.per_identity))
        for margin in MARGINS:
            satisfied, triples = separated(embeddings, labels, system.metric, margin)
            name = "Condition 1 (2005): triples with E(X1, X2) + m < E(X1, X2′), m = "
            yield MeasuredValue(
                name=name + (f"{margin:g} of the mean impostor energy" if margin else "0"),
                value=satisfied / triples,
                trials=triples,
            )


def separated(
    embeddings: Vectors, labels: NDArray[np.int64], metric: Metric, margin: float
) -> tuple[int, int]:
    """Count the triples of embeddings, (images, dim), that satisfy Condition 1, and all triples.

    `margin` is m, as a share of the mean impostor energy.
    """
    energies = np.stack([energy(metric, anchor, embeddings) for anchor in embeddings])
    same = labels[:, np.newaxis] == labels[np.newaxis, :]
    m = margin * float(energies[~same].mean())
    satisfied = triples = 0
    for anchor, row in enumerate(energies):
        impostor = np.sort(row[~same[anchor]])
        genuine = row[same[anchor] & (np.arange(len(row)) != anchor)]
        beyond = len(impostor) - np.searchsorted(impostor, genuine + m, side="right")
        satisfied += int(beyond.sum())
        triples += len(genuine) * len(impostor)
    return satisfied, triples


build = Separation
