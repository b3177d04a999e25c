"""Measured part of a manifest: chosen on a system's calibration part, measured on its test part."""

from dataclasses import dataclass
from typing import Any

from model.domain import embedding_numbers
from model.manifest import SCHEMA_VERSION, Accuracy, Calibration, Templates, kind_of
from model.pixel_statistics import PixelStatistics
from training.data.decoding import decode
from training.evaluation.accuracy import accuracy_of
from training.evaluation.system import SystemUnderTest
from training.evaluation.template_figures import measure_templates
from training.inference.comparer import EmbeddingComparer
from training.metrics.calibration import calibrate
from training.metrics.domain import FittedDomain, fit_domain


@dataclass(frozen=True)
class ManifestFigures:
    """All that a manifest says about decisions.

    Attributes:
        calibration: Operating points and likelihood ratio.
        accuracy: Error rates on the test part.
        domain: Domain check, None where the calibration part is too small for one.
        templates: Figures for several images on a side, None where there are too few for any.
    """

    calibration: Calibration
    accuracy: Accuracy
    domain: FittedDomain | None
    templates: Templates | None

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of the manifest, with the version of the schema that has them all."""
        return {
            "schema_version": SCHEMA_VERSION,
            "calibration": self.calibration,
            "accuracy": self.accuracy,
            "domain": self.domain.check if self.domain else None,
            "templates": self.templates,
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
    test = system.pairs(system.tested, images_per_identity)
    calibration = calibrate(system.pairs(system.calibrated, images_per_identity), test)
    return ManifestFigures(
        calibration=calibration,
        accuracy=accuracy_of(system, test, calibration, images_per_identity),
        domain=_measure_domain(system, images_per_identity),
        templates=measure_templates(system, images_per_identity),
    )


def _measure_domain(system: SystemUnderTest, images_per_identity: int) -> FittedDomain | None:
    """Fit the domain check to the images whose pairs the thresholds are chosen on."""
    decoded = decode(system.calibrated.bounded(images_per_identity), system.spec)
    embeddings = None
    if isinstance(system.comparer, EmbeddingComparer):
        answers = system.comparer.embed(decoded.pixels)
        embeddings = embedding_numbers(answers, kind_of(system.metric))
    statistics = PixelStatistics(system.spec)(decoded.pixels)
    labels = decoded.source.labels()
    return fit_domain(statistics, embeddings, labels, by_image=system.is_closed_set)
