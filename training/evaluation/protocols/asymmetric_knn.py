"""k-nearest-neighbour error of codes by the asymmetric Hamming distance (Norouzi et al. 2012).

The gallery is stored as codes h, of -1 and 1; a query keeps its activations v. Their section on the
asymmetric distance has

    AH(h, v; s) = ¼ ‖h - tanh(Diag(s) v)‖²,

with one s for each bit, the slope of its tanh. Where every s grows without bound, tanh is the
sign and AH the Hamming distance. Between the two, a query's bit counts by how sure it is, and few
images of the gallery are equally near.

What is implemented: that distance, with

    s_b = slope / mean |f_b|

over the activations f of the gallery, which are training images; nothing is measured on queries.
So each bit's mean |s f| is `slope`, by default ¼, the value with which the paper's authors say (as
we remember them; the paper is not at hand) that they scaled, and that the result depends on little.
A bit that is dead, 0 for all of the gallery, gets s = 0: it is as far from a query with either
sign. The vote is that of `knn`, ties and all, and so is k, which is not stated beside the paper's
figures here.

Codes and activations come from the bundle's own graph, cut before its sign
(`training.export.presign_graph`): the codes are the signs of what it gives, as in the bundle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.scoring import Vectors
from training.data.image_set import ImageSet
from training.evaluation.protocols.knn import Energies, NearestNeighbours, vote, wrong
from training.evaluation.system import SystemUnderTest
from training.inference.binary_codes import Activations, pack

Scales = NDArray[np.float32]


@dataclass(frozen=True)
class AsymmetricNeighbours(NearestNeighbours):
    """The protocol: `knn`, but for its energy.

    Attributes:
        slope: The mean magnitude of each bit's scaled activation, before the tanh; positive.
    """

    slope: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.slope > 0:
            raise ValueError("the slope must be positive")

    @property
    def name(self) -> str:
        """Of the figure."""
        return f"kNN error by asymmetric Hamming distance, k = {self.k}"

    def error(self, system: SystemUnderTest, gallery: ImageSet, queries: ImageSet) -> float:
        """The share of queries whose neighbours outvote their own identity.

        Raises:
            ConfigError: The system has no codes.
        """
        known, names = system.embed_unpacked(gallery)
        asked, _ = system.embed_unpacked(queries)
        energies = asymmetric(pack(known), scales(known, self.slope))
        return wrong(vote(energies, names, asked, self.k), gallery, queries)


def scales(activations: Activations, slope: float) -> Scales:
    """s, (bits,): what brings each bit's mean magnitude over (images, bits) to `slope`."""
    magnitudes = np.abs(activations).mean(axis=0)
    alive = magnitudes > 0
    scale: Scales = np.divide(slope, magnitudes, out=np.zeros_like(magnitudes), where=alive)
    return scale


def asymmetric(packed: NDArray[np.uint8], scale: Scales) -> Callable[[Vectors], Energies]:
    """AH from queries to a gallery, by (bits + ‖t‖² - 2 h·t) / 4 with t = tanh(Diag(s) v).

    A code that several images share is compared once: a product's rounding may depend on where in
    the gallery it stands, and must not tell equal codes apart.

    Args:
        packed: The gallery's codes, uint8 (gallery, bits / 8).
        scale: s, (bits,).

    Returns:
        From activations, (queries, bits), to (queries, gallery).
    """
    different, place = np.unique(packed, axis=0, return_inverse=True)
    signs = 2 * np.unpackbits(different, axis=1).astype(np.float32) - 1
    bits = np.float32(signs.shape[1])

    def energies(asked: Vectors) -> Energies:
        soft = np.tanh(asked.astype(np.float32, copy=False) * scale)
        squares = np.square(soft).sum(axis=1, keepdims=True)
        to_different = (bits + squares - 2 * soft @ signs.T) / 4
        found: Energies = to_different[:, place.reshape(-1)]
        return found

    return energies


def build(k: int = 5, slope: float = 0.25) -> AsymmetricNeighbours:
    """The protocol `asymmetric_knn`."""
    return AsymmetricNeighbours(k, slope)
