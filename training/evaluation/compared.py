"""Images of a data set and the energies of their pairs."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.domain import Domain
from model.scoring import Vectors
from training.data.image_set import ImageSet
from training.evaluation.system import Pixels, SystemUnderTest
from training.inference.comparer import EmbeddingComparer
from training.metrics.pairs import PairEnergies, all_pairs


@dataclass(frozen=True)
class ComparedImages:
    """Images that were compared, with their pairs.

    Attributes:
        source: The images that could be read.
        pixels: The network's input, uint8 (images, H, W, C).
        embeddings: (images, dim); None for a pair model.
        pairs: The energies of their pairs, whose rows are those of `source`.
    """

    source: ImageSet
    pixels: Pixels
    embeddings: Vectors | None
    pairs: PairEnergies


class ImageDomain(NamedTuple):
    """Domain percentile of each image, (images,), and whether it is out of the domain."""

    percentiles: NDArray[np.float64]
    is_out: NDArray[np.bool_]


def compare_images(
    system: SystemUnderTest, images: ImageSet, images_per_identity: int
) -> ComparedImages:
    """Compare images of the data set as `SystemUnderTest.pairs` does, and keep them.

    Raises:
        DataError: No genuine or no impostor pairs among them.
    """
    decoded = system.decode(images.bounded(images_per_identity))
    source, comparer = decoded.source, system.comparer
    if not isinstance(comparer, EmbeddingComparer):
        pairs = comparer.pairs(decoded.pixels, source.labels(), source.listed_rows())
        return ComparedImages(source, decoded.pixels, None, pairs)
    embeddings = comparer.embed(decoded.pixels)
    pairs = all_pairs(embeddings, source.labels(), comparer.metric, source.listed_rows())
    return ComparedImages(source, decoded.pixels, embeddings, pairs)


def image_domain(bundle: Bundle, compared: ComparedImages) -> ImageDomain | None:
    """Check the domain of each image; None for a bundle without a domain check."""
    domain = Domain.of(bundle)
    if domain is None:
        return None
    percentiles = domain.percentiles(compared.pixels, compared.embeddings)
    return ImageDomain(percentiles, domain.is_out(percentiles))
