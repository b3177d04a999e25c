"""Energy of two templates: several images of one thing on either side (decision 43).

A template is made of the embeddings of its images; two templates of one image each have the energy
of the two images. A pair model has no embeddings: its rule is one of the energies of pairs.
"""

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric, TemplateRule
from model.scoring import Energies, Vectors, energy

_TRIMMED = 4
"""The fourth part of the energies is left out at either end."""


def template(rule: TemplateRule, images: Vectors) -> NDArray[np.float32]:
    """Combine the embeddings of each template's images.

    Args:
        rule: `mean` for float embeddings, `bit-shares` for packed bits.
        images: Shape (..., n, dim), float32, or uint8 for `bit-shares`.

    Returns:
        float32, shape (..., dim); for `bit-shares` (..., 8 · dim), the share of ones in each bit.

    Raises:
        ValueError: The rule `trimmed-mean-energy`, which combines energies.
    """
    if rule is TemplateRule.TRIMMED_MEAN_ENERGY:
        raise ValueError(f"the rule {rule} combines energies, not embeddings")
    rows = np.unpackbits(images, axis=-1) if rule is TemplateRule.BIT_SHARES else images
    combined: NDArray[np.float32] = rows.mean(axis=-2, dtype=np.float32)
    return combined


def template_energy(
    rule: TemplateRule, metric: Metric, left: NDArray[np.float32], right: NDArray[np.float32]
) -> Energies:
    """Energy of each pair of templates, over the last axis; the other axes broadcast.

    Args:
        rule: The rule that both were made by.
        metric: The metric of the embeddings; the rule `bit-shares` has its own.
        left: Shape (..., width), as `template` returns it.
        right: As `left`.

    Returns:
        float32, shape (...).
    """
    if rule is TemplateRule.BIT_SHARES:
        difference = left - right
        squared: Energies = np.einsum("...i,...i->...", difference, difference)
        return squared
    return energy(metric, left, right)


def combined_energy(energies: Energies) -> Energies:
    """Combine the energies of all pairs of images, by the rule `trimmed-mean-energy`.

    Args:
        energies: Shape (..., n1, n2).

    Returns:
        float32, shape (...).
    """
    rising = np.sort(energies.reshape(*energies.shape[:-2], -1), axis=-1)
    cut = rising.shape[-1] // _TRIMMED
    combined: Energies = rising[..., cut : rising.shape[-1] - cut].mean(axis=-1, dtype=np.float32)
    return combined
