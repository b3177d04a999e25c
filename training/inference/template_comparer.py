"""Comparison of templates by the rule of a comparer's metric, as the service compares them."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model.manifest import TEMPLATE_RULES, Metric
from model.scoring import Energies, Vectors
from model.templates import combined_energy, template, template_energy
from training.inference.comparer import Comparer, PairComparer
from training.metrics.template_trials import TemplateTrials

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]
CompareTrials = Callable[[TemplateTrials], Energies]
"""Energies of comparisons, (comparisons,)."""


def template_comparer(comparer: Comparer, pixels: Pixels) -> CompareTrials:
    """Return the energies of templates of some images, uint8 (images, H, W, C), by their rows.

    An encoder runs once for each image, here; a pair network for each pair of images compared.
    """
    if isinstance(comparer, PairComparer):
        return partial(pairwise_energies, partial(comparer.energies, pixels))
    return partial(_combined, comparer.metric, comparer.embed(pixels))


def pairwise_energies(
    compare: Callable[[Indices, Indices], Energies],
    drawn: TemplateTrials,
    reduce: Callable[[Energies], Energies] = combined_energy,
) -> Energies:
    """Energies of templates from those of all pairs of their images, (comparisons,).

    Args:
        compare: Energies of images by their rows, (pairs,).
        drawn: The comparisons.
        reduce: Energies, (n, n1, n2), to those of the templates, (n,).
    """

    def of_templates(one: Indices, other: Indices) -> Energies:
        left, right = drawn.left[one, :, np.newaxis], drawn.right[other, np.newaxis, :]
        lefts, rights = np.broadcast_arrays(left, right)
        energies = compare(lefts.reshape(-1), rights.reshape(-1))
        return reduce(energies.reshape(lefts.shape))

    return drawn.energies(of_templates)


def _combined(metric: Metric, vectors: Vectors, drawn: TemplateTrials) -> Energies:
    rule = TEMPLATE_RULES[metric]
    left, right = template(rule, vectors[drawn.left]), template(rule, vectors[drawn.right])
    return drawn.energies(lambda one, other: template_energy(rule, metric, left[one], right[other]))
