import numpy as np
import pytest
from scipy.stats import multivariate_normal

from training.errors import ConfigError, DataError
from training.evaluation.protocols.claimed_identity import negative_log_density, within_covariance
from training.registry import Component, Part, build


def protocol(**options):
    return build(Part.PROTOCOL, Component(name="claimed_identity", options=options))


def test_the_density_is_the_normal_distributions():
    rng = np.random.default_rng(0)
    enrolled, probes = rng.standard_normal((6, 3)), rng.standard_normal((10, 3))
    within = np.diag([1.0, 2.0, 3.0])
    covariance = 0.3 * np.cov(enrolled.T) + 0.7 * within
    normal = multivariate_normal(enrolled.mean(axis=0), covariance)
    expected = -normal.logpdf(probes) - 3 / 2 * np.log(2 * np.pi)
    found = negative_log_density(probes, enrolled, within, 0.7)
    np.testing.assert_allclose(found, expected)


def test_the_covariance_within_subjects_does_not_see_how_far_apart_they_are():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(200), 5)
    noise = rng.standard_normal((1000, 2)) * [1, 3]
    found = within_covariance(noise + 100 * labels[:, None], labels)
    np.testing.assert_allclose(found, np.diag([1, 9]), atol=0.8)


def test_claims_are_made_by_the_images_that_are_not_enrolled(system):
    figures = list(protocol(enrolled=2)(system))
    # 5 test identities with 4 images, 2 of them enrolled.
    assert [figure.trials for figure in figures] == [10, 10, 10]
    assert "FMR 7.5 %" in figures[1].name
    values = [figure.value for figure in figures]
    assert values == sorted(values)
    assert values[0] <= 0.5


def test_a_subject_without_an_image_that_could_claim_is_an_error(system):
    with pytest.raises(DataError, match="more than 4 images"):
        list(protocol(enrolled=4)(system))


@pytest.mark.parametrize("options", [{"enrolled": 1}, {"shrinkage": 0.0}, {"shrinkage": 1.5}])
def test_options_that_give_no_covariance_are_refused(options):
    with pytest.raises(ConfigError, match="enrolled must be 2 or more"):
        protocol(**options)
