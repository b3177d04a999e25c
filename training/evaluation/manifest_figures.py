"""Measured part of a manifest: chosen on a system's calibration part, measured on its test part."""

from dataclasses import dataclass
from typing import Any

from model.manifest import SCHEMA_VERSION, Accuracy, Calibration, Templates
from training.domain_check.fit import FittedDomain
from training.evaluation.accuracy import accuracy_of
from training.evaluation.domain_figures import measure_domain
from training.evaluation.system import SystemUnderTest
from training.evaluation.template_figures import measure_templates
from training.metrics.calibration import calibrate


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
        domain=measure_domain(system, images_per_identity),
        templates=measure_templates(system, images_per_identity),
    )
