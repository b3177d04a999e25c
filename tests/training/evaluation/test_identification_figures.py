"""Figures of one against many, of a system that compares by a projection of the pixels."""

import numpy as np
import pytest

from model.manifest import Aspect, InputSpec, Manifest, Metric
from tests import fakes
from tests.training import synthetic
from training.data.split import IdentitySplit
from training.evaluation.accuracy import accuracy_of
from training.evaluation.identification_figures import (
    LEAST_PEOPLE,
    TARGETS,
    measure_identification,
)
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer, PairComparer
from training.metrics.calibration import calibrate
from training.metrics.intervals import required_trials

SPEC = InputSpec(width=8, height=8, channels=1, aspect=Aspect.STRETCH)


def embed(pixels):
    flat = pixels.reshape(len(pixels), -1).astype(np.float32) / 255
    return flat @ np.random.default_rng(1).standard_normal((flat.shape[1], 6)).astype(np.float32)


def measure(people, comparer):
    names = [f"p{i:03d}" for i in range(2 * people)]
    split = IdentitySplit((), tuple(names[:people]), tuple(names[people:]))
    system = SystemUnderTest(comparer, SPEC, synthetic.image_set(dict.fromkeys(names, 2)), split)
    test = system.pairs(system.tested, 2)
    calibration = calibrate(system.pairs(system.calibrated, 2), test)
    accuracy = accuracy_of(system, test, calibration, 2)
    return calibration, accuracy, measure_identification(system, test, accuracy, 2)


def test_sizes_up_to_the_number_of_people_are_measured_and_fit_into_a_manifest():
    calibration, accuracy, found = measure(LEAST_PEOPLE, EmbeddingComparer(embed, Metric.L2))
    assert [each.gallery_size for each in found.galleries] == [1, 2, 5, 10, 20]
    assert (len(found.points), found.people) == (5 * len(TARGETS), LEAST_PEOPLE)
    for point in found.points:
        enough = point.independent_probes >= required_trials(point.target_fpir)
        assert point.supported is enough
    for fewer, more in zip(found.galleries, found.galleries[1:], strict=False):
        assert all(one <= other for one, other in zip(fewer.fpir, more.fpir, strict=True))
    manifest = fakes.make_manifest(
        fakes.encoder_graph(), calibration=calibration, accuracy=accuracy, identification=found
    )
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


@pytest.mark.parametrize("people", [LEAST_PEOPLE - 1, LEAST_PEOPLE])
def test_few_people_and_a_pair_model_are_not_measured(people):
    def score(left, right):
        return np.abs(embed(left) - embed(right)).sum(axis=1)

    is_pair = people == LEAST_PEOPLE
    comparer = PairComparer(score) if is_pair else EmbeddingComparer(embed, Metric.L2)
    assert measure(people, comparer)[2] is None
