"""Measured part of a manifest: chosen on a system's calibration part, measured on its test part."""

from dataclasses import dataclass
from typing import Any

from model.manifest import SCHEMA_VERSION, Accuracy, Calibration
from training.evaluation.evaluate import accuracy_of
from training.evaluation.system import SystemUnderTest
from training.metrics.calibration import calibrate


@dataclass(frozen=True)
class ManifestFigures:
    """All that a manifest says about decisions.

    Attributes:
        calibration: Operating points and likelihood ratio.
        accuracy: Error rates on the test part.
    """

    calibration: Calibration
    accuracy: Accuracy

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of the manifest, with the version of the schema that has them all."""
        return {
            "schema_version": SCHEMA_VERSION,
            "calibration": self.calibration,
            "accuracy": self.accuracy,
        }


def measure_figures(system: SystemUnderTest, images_per_identity: int) -> ManifestFigures:
    """Choose operating points on a system's calibration part, and measure them on its test part.

    Raises:
        DataError: No genuine or no impostor pairs in either part.
    """
    test = system.pairs(system.tested, images_per_identity)
    calibration = calibrate(system.pairs(system.calibrated, images_per_identity), test)
    ratio = calibration.likelihood_ratio
    return ManifestFigures(calibration, accuracy_of(system, test, ratio, images_per_identity))
