import dataclasses

import numpy as np
import pytest

from model.bundle import open_bundle
from model.manifest import Adoption, ErrorRates, SplitBy
from tests import fakes
from tests.training import synthetic
from training.data.readers.folder import read_folder
from training.evaluation.evaluate import evaluate
from training.metrics.intervals import wilson
from training.report.verdict import Outcome, compare, verdict_of, verdict_of_manifest


def outcome(stated, trials, found, trials_found):
    return compare(stated, wilson(stated, trials), found, wilson(found, trials_found))


@pytest.mark.parametrize(
    ("stated", "trials", "found", "trials_found", "expected"),
    [
        (0.01, 5000, 0.011, 5000, Outcome.HOLDS),
        (0.01, 5000, 0.002, 5000, Outcome.HOLDS),
        (0.01, 5000, 0.05, 5000, Outcome.HIGHER),
        (0.01, 5000, 0.05, 20, Outcome.UNCLEAR),
        (0.01, 50, 0.05, 5000, Outcome.HOLDS),
        (0.0, 5000, 0.0, 50, Outcome.UNCLEAR),
    ],
)
def test_a_rate_holds_unless_it_differs_by_more_than_chance(
    stated, trials, found, trials_found, expected
):
    assert outcome(stated, trials, found, trials_found) is expected


def test_an_equal_rate_is_seldom_said_to_be_higher_and_a_doubled_one_often():
    rng = np.random.default_rng(0)
    shares = {
        factor: np.mean(
            [
                outcome(one / 2000, 2000, other / 2000, 2000) is Outcome.HIGHER
                for one, other in rng.binomial(2000, [0.03, 0.03 * factor], (2000, 2))
            ]
        )
        for factor in (1, 2)
    }
    assert 0.015 <= shares[1] <= 0.035  # One-sided 2.5 %.
    # A z-test of 3 % against 6 % with 2,000 trials each has a power of 99.6 %.
    assert shares[2] >= 0.98


def manifest_of(**changes):
    return fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM).model_copy(update=changes)


def with_default(manifest, **changes):
    calibration = manifest.calibration
    points = list(calibration.operating_points)
    points[calibration.default] = calibration.default_point.model_copy(update=changes)
    changed = calibration.model_copy(update={"operating_points": tuple(points)})
    return manifest.model_copy(update={"calibration": changed})


RATES = ErrorRates(fmr=0.012, fmr_interval=(0.009, 0.015), fnmr=0.25, fnmr_interval=(0.2, 0.3))


def test_the_sentence_of_a_manifest():
    manifest = with_default(manifest_of(), target_fmr=0.01, test=RATES)
    sample = manifest.accuracy.sample
    found = verdict_of_manifest(manifest)
    assert found.sentence == (
        f"On {sample.identities} identities of {manifest.provenance.data} that it has never seen, "
        f"{manifest.name} {manifest.version} by default takes 1.20 % of the pairs of two "
        "identities for the same (FMR) and 25.00 % of the pairs of one identity for different "
        "(FNMR): the target FMR of 1 %, for which the threshold was chosen on other identities, "
        "holds."
    )
    assert found.outcome is Outcome.HOLDS


@pytest.mark.parametrize(
    ("rates", "target", "outcome", "words"),
    [
        (RATES, 0.001, Outcome.HIGHER, "does not hold: the FMR is 12 times as high"),
        (RATES.model_copy(update={"fmr_interval": (0, 0.1)}), 0.01, Outcome.UNCLEAR, "too few"),
        (RATES, None, Outcome.UNCLEAR, "supports no target FMR"),
    ],
)
def test_a_target_that_does_not_hold_is_said(rates, target, outcome, words):
    found = verdict_of_manifest(with_default(manifest_of(), target_fmr=target, test=rates))
    assert found.outcome is outcome
    assert words in found.sentence


def test_of_a_closed_set_images_are_new_and_classes_are_known():
    found = verdict_of_manifest(manifest_of(split_by=SplitBy.IMAGE)).sentence
    assert "images of" in found
    assert "classes known from training" in found
    assert "identities of" not in found


def test_of_an_adopted_encoder_it_is_unknown_whom_it_has_seen():
    adoption = Adoption(
        file="a.onnx",
        sha256="0" * 64,
        declared="grey",
        declared_by="command line",
        licence="MIT",
        data="shapes",
        data_sha256="0" * 64,
        seed=0,
        parameters=1,
        subnormals=0,
        command="adopt",
        git_revision="0",
        adopted_at="2026-11-28",
        libraries={},
    )
    found = verdict_of_manifest(manifest_of(provenance=None, adoption=adoption)).sentence
    assert "identities of shapes (whether it has seen them is unknown)" in found
    assert "never" not in found


@pytest.fixture(scope="module")
def bundle(exported):
    return open_bundle(exported)


def test_export_and_evaluate_say_the_same(bundle, folder):
    assert verdict_of(evaluate(bundle, read_folder(folder))) == verdict_of_manifest(bundle.manifest)


def test_on_other_data_the_stated_rates_are_compared(bundle):
    found = evaluate(bundle, synthetic.image_set({f"new{i}": 3 for i in range(12)}))
    stated = ErrorRates(fmr=0.1, fmr_interval=(0.08, 0.12), fnmr=0.01, fnmr_interval=(0, 0.02))
    other = dataclasses.replace(bundle, manifest=with_default(bundle.manifest, test=stated))
    conditions = found.conditions.model_copy(update={"overall": RATES})
    verdict = verdict_of(dataclasses.replace(found, bundle=other, conditions=conditions))
    assert verdict.outcome is Outcome.HIGHER
    assert verdict.sentence == (
        "On 12 identities of patterns with names that it has not seen, patterns 0.1.0 by default "
        "takes 1.20 % of the pairs of two identities for the same (FMR) and 25.00 % of the pairs "
        "of one identity for different (FNMR): the FMR that it states, 10.00 %, holds here, where "
        "it is far lower; the FNMR that it states, 1.00 %, does not hold here, where it is 25 "
        "times as high."
    )
