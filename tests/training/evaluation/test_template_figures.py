"""Figures of templates, of a system that compares by a projection of the pixels."""

from dataclasses import replace

import numpy as np
import pytest

from model.manifest import Aspect, InputSpec, Metric, TemplateRule
from model.scoring import energy
from tests.training import synthetic
from training.data.split import IdentitySplit
from training.evaluation.system import SystemUnderTest
from training.evaluation.template_figures import LEAST_SUBJECTS, measure_templates
from training.inference.comparer import EmbeddingComparer, PairComparer
from training.inference.template_comparer import template_comparer
from training.metrics.template_trials import TrialBound, draw_trials

SPEC = InputSpec(width=8, height=8, channels=1, aspect=Aspect.STRETCH)
PEOPLE = LEAST_SUBJECTS
NAMES = [f"p{i:02d}" for i in range(2 * PEOPLE)]


def embed(pixels):
    flat = pixels.reshape(len(pixels), -1).astype(np.float32) / 255
    return flat @ np.random.default_rng(1).standard_normal((flat.shape[1], 6)).astype(np.float32)


def codes(pixels):
    return np.packbits(embed(pixels) > 0, axis=1)


def score(left, right):
    return energy(Metric.L1, embed(left), embed(right))


def system(comparer, images=3, **options):
    data = synthetic.image_set(dict.fromkeys(NAMES, images), **options)
    split = IdentitySplit((), tuple(NAMES[:PEOPLE]), tuple(NAMES[PEOPLE:]))
    return SystemUnderTest(comparer, SPEC, data, split)


@pytest.fixture(scope="module")
def by_distance():
    return system(EmbeddingComparer(embed, Metric.L2))


@pytest.fixture(scope="module")
def measured(by_distance):
    return measure_templates(by_distance, 10)


def test_every_size_is_measured_that_both_parts_have_images_for(measured):
    assert [size.images for size in measured.sizes] == [(1, 2)]
    assert measured.rule is TemplateRule.MEAN


def test_operating_points_are_chosen_on_one_part_and_measured_on_the_other(measured):
    (size,) = measured.sizes
    for point in size.calibration.operating_points:
        if point.target_fmr is not None:
            assert point.calibration.fmr <= point.target_fmr
    assert size.calibration.sample.identities == PEOPLE
    assert size.accuracy.sample.identities == PEOPLE
    assert size.accuracy.sample.images == 3 * PEOPLE
    assert "templates of 1 against templates of 2 images" in size.accuracy.protocol


def test_the_rates_are_those_of_all_comparisons_by_brute_force(measured):
    """Of 3 images all comparisons of 1:2 can be listed; the draw has every one of them."""
    (size,) = measured.sizes
    vectors = [
        [embed(decoded(name, take)[None])[0] for take in range(3)] for name in NAMES[PEOPLE:]
    ]
    threshold = size.calibration.default_point.threshold
    genuine = [
        np.linalg.norm(v[i] - (v[(i + 1) % 3] + v[(i + 2) % 3]) / 2) <= threshold
        for v in vectors
        for i in range(3)
    ]
    test = size.calibration.default_point.test
    assert test.fnmr == pytest.approx(1 - np.mean(genuine), abs=0.1)
    impostor = [
        np.linalg.norm(one[i] - (other[j] + other[(j + 1) % 3]) / 2) <= threshold
        for a, one in enumerate(vectors)
        for b, other in enumerate(vectors)
        if a != b
        for i in range(3)
        for j in range(3)
    ]
    assert test.fmr == pytest.approx(np.mean(impostor), abs=0.03)


def decoded(name, take):
    from model.preprocessing import preprocess  # noqa: PLC0415

    return preprocess(synthetic.png(synthetic.pattern(NAMES.index(name), take)), SPEC)


def test_no_size_is_measured_of_too_few_identities_or_images(by_distance):
    few = replace(by_distance, split=IdentitySplit((), tuple(NAMES[:9]), tuple(NAMES[9:])))
    assert measure_templates(few, 10) is None
    assert measure_templates(by_distance, 2) is None


def test_listed_pairs_tell_nothing_of_templates():
    pair = ("p00/0.png", "p00/1.png", True)
    listed = system(EmbeddingComparer(embed, Metric.L2), listed=(pair,))
    assert measure_templates(listed, 10) is None


def test_codes_and_pair_models_have_rules_of_their_own():
    by_codes = measure_templates(system(EmbeddingComparer(codes, Metric.HAMMING)), 10)
    assert by_codes.rule is TemplateRule.BIT_SHARES
    by_pairs = measure_templates(system(PairComparer(score)), 10)
    assert by_pairs.rule is TemplateRule.TRIMMED_MEAN_ENERGY


@pytest.mark.parametrize("kind", ["pair", "codes", "l1"])
def test_the_energies_of_trials_are_those_of_their_images(kind):
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8, 8, 1), dtype=np.uint8)
    comparer = {
        "pair": PairComparer(score),
        "codes": EmbeddingComparer(codes, Metric.HAMMING),
        "l1": EmbeddingComparer(embed, Metric.L1),
    }[kind]
    trials = draw_trials(np.repeat([0, 1], 4), (2, 2), TrialBound(impostor=8, rounds=2))
    found = template_comparer(comparer, pixels)(trials)
    for energy_of, (one, other) in zip(found, trials.compared, strict=True):
        left, right = pixels[trials.left[one]], pixels[trials.right[other]]
        assert energy_of == pytest.approx(brute(kind, left, right), rel=1e-4)


def brute(kind, left, right):
    if kind == "pair":
        rising = sorted(float(score(a[None], b[None])[0]) for a in left for b in right)
        return np.mean(rising[1:3])
    if kind == "l1":
        return np.abs(embed(left).mean(axis=0) - embed(right).mean(axis=0)).sum()
    shares = [np.unpackbits(codes(side), axis=1).mean(axis=0) for side in (left, right)]
    return ((shares[0] - shares[1]) ** 2).sum()
