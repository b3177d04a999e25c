"""Domain check of a system, fitted to the calibration images and to altered ones."""

from dataclasses import replace
from functools import partial

import numpy as np

from model.domain import embedding_numbers
from model.manifest import kind_of
from model.pixel_statistics import PixelStatistics
from training.domain_check.fit import FittedDomain, Sample, fit_images
from training.evaluation.system import Indices, Pixels, SystemUnderTest
from training.inference.comparer import EmbeddingComparer


def measure_domain(system: SystemUnderTest, images_per_identity: int) -> FittedDomain | None:
    """Fit the domain check to the images whose pairs the thresholds are chosen on.

    Of a closed set, whose identities are all known, each image stands for itself.

    Returns:
        None where the calibration part is too small for a check, or the embeddings too large.
    """
    decoded = system.decode(system.calibrated.bounded(images_per_identity))
    labels = decoded.source.labels()
    groups = np.arange(len(labels)) if system.is_closed_set else labels
    fitted = fit_images(decoded.pixels, groups, partial(_describe, system))
    if fitted is None:
        return None
    check = fitted.check.model_copy(update={"identities": len(np.unique(labels))})
    return replace(fitted, check=check)


def _describe(system: SystemUnderTest, images: Pixels, groups: Indices) -> Sample:
    """Compute the numbers that a domain check is fitted to, of images, uint8 (n, h, w, c)."""
    numbers = None
    if isinstance(system.comparer, EmbeddingComparer):
        numbers = embedding_numbers(system.comparer.embed(images), kind_of(system.metric))
    return Sample(PixelStatistics(system.spec)(images), numbers, groups)
