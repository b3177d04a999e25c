"""Measured part of a manifest: chosen on a system's calibration part, measured on its test part."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.domain import Domain
from model.manifest import (
    SCHEMA_VERSION,
    Accuracy,
    Calibration,
    Conditions,
    Identification,
    Templates,
    kind_of,
)
from model.schema.locator import LocatorSpec
from training.data.decoding import acquisition
from training.data.image_set import ImageSet
from training.domain_check.fit import FittedDomain
from training.evaluation.accuracy import accuracy_of
from training.evaluation.compared import ComparedImages, compare_images
from training.evaluation.domain_figures import measure_domain
from training.evaluation.identification_figures import measure_identification
from training.evaluation.system import SystemUnderTest
from training.evaluation.template_figures import measure_templates
from training.metrics.calibration import calibrate
from training.metrics.conditions import measure_conditions


@dataclass(frozen=True)
class ManifestFigures:
    """All that a manifest says about decisions.

    Attributes:
        calibration: Operating points and likelihood ratio.
        accuracy: Error rates on the test part.
        domain: Domain check, None where the calibration part is too small for one.
        templates: Figures for several images on a side, None where there are too few for any.
        conditions: Error rates of the test part by condition.
        identification: One against many, None where it is not measured.
        locator: Part of the locator with its failures to acquire, None where there is none.
    """

    calibration: Calibration
    accuracy: Accuracy
    domain: FittedDomain | None
    templates: Templates | None
    conditions: Conditions
    identification: Identification | None
    locator: LocatorSpec | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of the manifest, with the version of the schema that has them all."""
        return {
            "schema_version": SCHEMA_VERSION,
            "calibration": self.calibration,
            "accuracy": self.accuracy,
            "domain": self.domain.check if self.domain else None,
            "templates": self.templates,
            "conditions": self.conditions,
            "identification": self.identification,
            **({} if self.locator is None else {"locator": self.locator}),
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
    begin = system.stages.begin
    begin(f"comparing {_counted(system.tested, images_per_identity)} of the test part")
    test = compare_images(system, system.tested, images_per_identity)
    begin(f"choosing thresholds on {_counted(system.calibrated, images_per_identity)}")
    calibration = calibrate(system.pairs(system.calibrated, images_per_identity), test.pairs)
    begin("fitting the domain check")
    domain = measure_domain(system, images_per_identity)
    percentiles = None if domain is None else _percentiles(system, domain, test)
    begin("measuring accuracy, with intervals")
    accuracy = accuracy_of(system, test.pairs, calibration, images_per_identity)
    conditions = measure_conditions(test.pairs, calibration.default_point, percentiles)
    begin("measuring several images on a side")
    templates = measure_templates(system, images_per_identity)
    begin("measuring searches in galleries")
    identification = measure_identification(system, test.pairs, accuracy, images_per_identity)
    return ManifestFigures(
        calibration=calibration,
        accuracy=accuracy,
        domain=domain,
        templates=templates,
        conditions=conditions,
        identification=identification,
        locator=_acquired(system),
    )


def _counted(images: ImageSet, images_per_identity: int) -> str:
    compared = images.bounded(images_per_identity)
    return f"{len(compared):,} images of {len(compared.identities):,} identities"


def _acquired(system: SystemUnderTest) -> LocatorSpec | None:
    if system.locator is None:
        return None
    system.stages.begin("counting the images in which not exactly one thing is located")
    parts = {
        "calibration": acquisition(system.calibrated, system.locator, system.stages),
        "test": acquisition(system.tested, system.locator, system.stages),
    }
    return system.locator.spec.model_copy(update=parts)


def _percentiles(
    system: SystemUnderTest, fitted: FittedDomain, test: ComparedImages
) -> NDArray[np.float64]:
    """Domain percentile of each test image, (images,)."""
    numbers = np.frombuffer(fitted.data, dtype="<f4").astype(np.float32)
    domain = Domain(fitted.check, numbers, kind_of(system.metric), system.spec)
    return domain.percentiles(test.pixels, test.embeddings)
