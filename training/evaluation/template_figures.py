"""Operating points of templates: chosen on the calibration part, measured on the test part."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.manifest import TEMPLATE_RULES, SampleSize, Templates, TemplateSize
from training.data.image_set import ImageSet
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import PairComparer
from training.inference.template_comparer import CompareTrials, template_comparer
from training.metrics.calibration import calibrate, measure
from training.metrics.pairs import PairEnergies
from training.metrics.template_trials import TrialBound, count_genuine, draw_trials

LARGEST = 5
"""The most images on a side that are measured."""
SIZES = tuple((fewer, more) for more in range(2, LARGEST + 1) for fewer in range(1, more + 1))
LEAST_SUBJECTS = 10
"""Subjects with n1 + n2 images that each part needs for the size n1:n2 to be measured."""
_PAIRS_OF_A_SIZE = 30_000
"""Runs of a pair network for one size and part, approximately."""


@dataclass(frozen=True)
class _Part:
    """A part of a data set, and the comparison of its images.

    Attributes:
        source: The images that could be read.
        labels: The subject of each, (images,).
        compare: Energies of templates of them.
    """

    source: ImageSet
    labels: NDArray[np.int64]
    compare: CompareTrials

    @classmethod
    def of(cls, system: SystemUnderTest, images: ImageSet) -> "_Part":
        decoded = system.decode(images)
        compare = template_comparer(system.comparer, decoded.pixels)
        return cls(decoded.source, decoded.source.labels(), compare)

    def has(self, size: tuple[int, int]) -> bool:
        return count_genuine(self.labels, size) >= LEAST_SUBJECTS

    def sample(self, found: SampleSize, size: tuple[int, int]) -> SampleSize:
        return found.model_copy(update={"identities": count_genuine(self.labels, size)})

    def pairs(self, size: tuple[int, int], bound: TrialBound) -> PairEnergies:
        trials = draw_trials(self.labels, size, bound)
        return trials.pairs(self.compare(trials))


def measure_templates(system: SystemUnderTest, images_per_identity: int) -> Templates | None:
    """Measure every size of which both parts of a system have subjects enough.

    None where that is no size, and where the pairs are listed, so that identities are not known.

    Raises:
        DataError: No image of a part can be read.
    """
    chosen, kept = (
        images.bounded(images_per_identity) for images in (system.calibrated, system.tested)
    )
    if chosen.listed is not None or not (_may_have_sizes(chosen) and _may_have_sizes(kept)):
        return None
    calibration, test = (_Part.of(system, images) for images in (chosen, kept))
    sizes = [size for size in SIZES if calibration.has(size) and test.has(size)]
    is_pair = isinstance(system.comparer, PairComparer)
    measured = tuple(_measure_size(calibration, test, size, is_pair=is_pair) for size in sizes)
    return Templates(rule=TEMPLATE_RULES[system.metric], sizes=measured) if measured else None


def _may_have_sizes(images: ImageSet) -> bool:
    return sum(count >= sum(SIZES[0]) for count in images.counts().values()) >= LEAST_SUBJECTS


def _measure_size(
    calibration: _Part, test: _Part, size: tuple[int, int], *, is_pair: bool
) -> TemplateSize:
    bound = TrialBound()
    if is_pair:
        trials = _PAIRS_OF_A_SIZE // (size[0] * size[1])
        bound = TrialBound(impostor=trials, rounds=4, most_rounds=4)
    tested = test.pairs(size, bound)
    points = calibrate(calibration.pairs(size, bound), tested)
    accuracy = measure(tested, points.likelihood_ratio, _protocol(test, size))
    return TemplateSize(
        images=size,
        calibration=points.model_copy(update={"sample": calibration.sample(points.sample, size)}),
        accuracy=accuracy.model_copy(update={"sample": test.sample(accuracy.sample, size)}),
    )


def _protocol(test: _Part, size: tuple[int, int]) -> str:
    return (
        f"templates of {size[0]} against templates of {size[1]} images, drawn by a seed from the "
        f"{len(test.source)} test images of {test.source.name} that single images are measured on; "
        "two templates share no image"
    )
