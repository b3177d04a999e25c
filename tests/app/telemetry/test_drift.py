import numpy as np
import pytest

from app.settings import SHIPPED_BUNDLES
from app.telemetry.drift import MINIMUM, best_genuine_share, measure_drift, psi
from app.telemetry.drift_baseline import baseline_of
from model.bundle import open_bundle

WARNS, PAGES = 0.1, 0.25
"""As docs/operate.md has them."""


@pytest.fixture(scope="module", params=["faces", "att-chopra", "omniglot"])
def calibration(request):
    return open_bundle(SHIPPED_BUNDLES / request.param).manifest.calibration


def energies(calibration, genuine_share, size, seed):
    """Drawn from the mixture of the calibration's two histograms."""
    rng = np.random.default_rng(seed)
    histogram = calibration.histogram
    drawn = [
        rng.choice(len(shares), count, p=np.array(shares) / np.sum(shares))
        for shares, count in (
            (histogram.genuine, round(genuine_share * size)),
            (histogram.impostor, size - round(genuine_share * size)),
        )
    ]
    edges, places = np.array(histogram.edges), np.concatenate(drawn)
    return edges[places] + rng.uniform(0, 1, size) * np.diff(edges)[places]


def counted(values, reference):
    return np.bincount(
        np.searchsorted(reference.bounds, values), minlength=len(reference.genuine)
    ).astype(float)


def drift(calibration, values):
    reference = baseline_of(calibration)
    return measure_drift(counted(values, reference), reference)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9, 1.0])
def test_no_mixture_of_the_calibrations_own_energies_is_drift(calibration, share):
    found = [drift(calibration, energies(calibration, share, 2000, seed)) for seed in range(20)]
    assert max(d.psi for d in found) < 0.03
    assert np.mean([d.genuine_share for d in found]) == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_energies_that_are_stretched_are_drift(calibration, share):
    drawn = energies(calibration, share, 2000, 3)
    assert drift(calibration, 1.6 * drawn).psi > WARNS
    assert drift(calibration, 0.5 * drawn).psi > PAGES


def test_a_small_stretch_passes_for_another_mixture_as_the_docs_say():
    manifest = open_bundle(SHIPPED_BUNDLES / "att-chopra").manifest
    found = drift(manifest.calibration, 1.1 * energies(manifest.calibration, 0.5, 2000, 3))
    assert found.psi < WARNS
    assert found.genuine_share < 0.5


def test_energies_that_are_all_alike_are_drift(calibration):
    middle = np.mean(energies(calibration, 0.5, 2000, 3))
    assert drift(calibration, np.full(2000, middle)).psi > PAGES


def test_below_the_minimum_there_is_no_value(calibration):
    drawn = energies(calibration, 0.5, MINIMUM, 5)
    assert drift(calibration, drawn[1:]) is None
    assert drift(calibration, drawn) is not None


def test_the_best_share_is_that_of_a_search_over_all(calibration):
    reference = baseline_of(calibration)
    counts = counted(1.1 * energies(calibration, 0.4, 3000, 7), reference)
    shares = np.linspace(0, 1, 20_001)[:, None]
    mixtures = shares * reference.genuine + (1 - shares) * reference.impostor
    likelihoods = (counts * np.log(mixtures)).sum(axis=1)
    assert best_genuine_share(counts, reference) == pytest.approx(
        shares[np.argmax(likelihoods), 0], abs=1e-4
    )


def test_the_index_is_that_of_its_definition():
    counts, expected = np.array([10.0, 30.0, 60.0]), np.array([0.2, 0.3, 0.5])
    by_hand = 0.0
    for count, share in zip(counts, expected, strict=True):
        seen = (count + 0.5) / 101.5
        by_hand += (seen - share) * np.log(seen / share)
    assert psi(counts, expected) == pytest.approx(by_hand)


def test_without_drift_the_index_is_about_the_bins_less_one_over_the_decisions():
    expected = np.full(10, 0.1)
    rng = np.random.default_rng(11)
    found = [psi(rng.multinomial(2000, expected).astype(float), expected) for _ in range(400)]
    assert np.mean(found) == pytest.approx(9 / 2000, rel=0.1)
