"""k-nearest-neighbour error of codes by the asymmetric Hamming distance (Norouzi et al. 2012).

The gallery is stored as codes h, of -1 and 1; a query keeps its activations v:

    AH(h, v; s) = ¼ ‖h - tanh(Diag(s) v)‖²  with  s_b = slope / mean |f_b|

over the activations f of the gallery, which are training images. As s grows, AH becomes the Hamming
distance; with smaller s, a query's bit counts by its magnitude, and few images are equally near.
The default slope of ¼ is the authors' value as far as we recall; we did not have the paper to check
it. A dead bit, 0 for all of the gallery, gets s = 0: its distance from a query is the same for both
signs. Vote, ties and k are those of `knn`; the paper's figures come without their k.

Codes and activations come from the bundle's own graph, cut before its sign.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.scoring import Vectors
from training.data.image_set import ImageSet
from training.evaluation.protocols.knn import Energies, Labels, NearestNeighbours, signs, vote
from training.evaluation.system import SystemUnderTest
from training.inference.binary_codes import Activations, pack

Scales = NDArray[np.float32]


@dataclass(frozen=True)
class AsymmetricNeighbours(NearestNeighbours):
    """Protocol `knn` with the asymmetric distance as energy.

    Attributes:
        slope: The mean magnitude of each bit's scaled activation, before the tanh; positive.
    """

    slope: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.slope > 0:
            raise ValueError("the slope must be positive")

    @property
    def name(self) -> str:
        """Name of the measured value."""
        return f"kNN error by asymmetric Hamming distance, k = {self.k}"

    def answers(self, system: SystemUnderTest, gallery: ImageSet, queries: ImageSet) -> Labels:
        """Name queries by their nearest neighbours: indices of gallery identities, (queries,).

        Raises:
            ConfigError: The system has no codes.
        """
        known, names = system.embed_unpacked(gallery)
        asked, _ = system.embed_unpacked(queries)
        return vote(asymmetric(pack(known), scales(known, self.slope)), names, asked, self.k)


def scales(activations: Activations, slope: float) -> Scales:
    """Scale s of each bit, (bits,): brings its mean magnitude over the images to `slope`."""
    magnitudes = np.abs(activations).mean(axis=0)
    alive = magnitudes > 0
    scale: Scales = np.divide(slope, magnitudes, out=np.zeros_like(magnitudes), where=alive)
    return scale


def asymmetric(packed: NDArray[np.uint8], scale: Scales) -> Callable[[Vectors], Energies]:
    """Return AH from activations, (queries, bits), to codes, uint8 (gallery, bits / 8).

    It is (bits + ‖t‖² - 2 h·t) / 4 with t = tanh(Diag(s) v) and the scales s, (bits,). A code of
    several images is compared once: a product's rounding may depend on its place in the gallery,
    and equal codes must have equal energies.
    """
    unique, index = np.unique(packed, axis=0, return_inverse=True)
    codes = signs(unique)
    bits = np.float32(codes.shape[1])

    def energies(asked: Vectors) -> Energies:
        soft = np.tanh(asked.astype(np.float32, copy=False) * scale)
        squares = np.square(soft).sum(axis=1, keepdims=True)
        to_unique: Energies = (bits + squares - 2 * soft @ codes.T) / 4
        return to_unique[:, index.reshape(-1)]

    return energies


build = AsymmetricNeighbours
