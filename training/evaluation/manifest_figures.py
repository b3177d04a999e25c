"""Measured part of a manifest: chosen on a system's calibration part, measured on its test part."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.domain import Domain, embedding_numbers
from model.manifest import SCHEMA_VERSION, Accuracy, Calibration, Conditions, kind_of
from model.pixel_statistics import PixelStatistics
from training.evaluation.accuracy import accuracy_of
from training.evaluation.compared import ComparedImages, compare_images
from training.evaluation.system import SystemUnderTest
from training.metrics.calibration import calibrate
from training.metrics.conditions import measure_conditions
from training.metrics.domain import FittedDomain, fit_domain


@dataclass(frozen=True)
class ManifestFigures:
    """All that a manifest says about decisions.

    Attributes:
        calibration: Operating points and likelihood ratio.
        accuracy: Error rates on the test part.
        domain: Domain check, None where the calibration part is too small for one.
        conditions: Error rates of the test part by condition.
    """

    calibration: Calibration
    accuracy: Accuracy
    domain: FittedDomain | None
    conditions: Conditions

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of the manifest, with the version of the schema that has them all."""
        return {
            "schema_version": SCHEMA_VERSION,
            "calibration": self.calibration,
            "accuracy": self.accuracy,
            "domain": self.domain.check if self.domain else None,
            "conditions": self.conditions,
        }

    @property
    def domain_data(self) -> bytes | None:
        """Content of the domain check's file, None where there is no check."""
        return self.domain.data if self.domain else None


def measure_figures(system: SystemUnderTest, images_per_identity: int) -> ManifestFigures:
    """Choose operating points on a system's calibration part, and measure them on its test part.

    Raises:
        DataError: No genuine or no impostor pairs in either part.
    """
    test = compare_images(system, system.tested, images_per_identity)
    calibrated = compare_images(system, system.calibrated, images_per_identity)
    calibration = calibrate(calibrated.pairs, test.pairs)
    domain = _fit_domain(system, calibrated)
    percentiles = None if domain is None else _percentiles(system, domain, test)
    return ManifestFigures(
        calibration=calibration,
        accuracy=accuracy_of(system, test.pairs, calibration.likelihood_ratio, images_per_identity),
        domain=domain,
        conditions=measure_conditions(test.pairs, calibration.default_point, percentiles),
    )


def _fit_domain(system: SystemUnderTest, calibrated: ComparedImages) -> FittedDomain | None:
    """Fit the domain check to the images whose pairs the thresholds are chosen on."""
    embeddings = None
    if calibrated.embeddings is not None:
        embeddings = embedding_numbers(calibrated.embeddings, kind_of(system.metric))
    statistics = PixelStatistics(system.spec)(calibrated.pixels)
    labels = calibrated.source.labels()
    return fit_domain(statistics, embeddings, labels, by_image=system.is_closed_set)


def _percentiles(
    system: SystemUnderTest, fitted: FittedDomain, test: ComparedImages
) -> NDArray[np.float64]:
    """Domain percentile of each test image, (images,)."""
    numbers = np.frombuffer(fitted.data, dtype="<f4").astype(np.float32)
    domain = Domain(fitted.check, numbers, kind_of(system.metric), system.spec)
    return domain.percentiles(test.pixels, test.embeddings)
