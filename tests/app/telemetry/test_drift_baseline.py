import numpy as np
import pytest

from app.settings import SHIPPED_BUNDLES
from app.telemetry.drift_baseline import MAX_BINS, baseline_of
from model.bundle import open_bundle
from model.manifest import Histogram
from tests import fakes

BUNDLES = ("faces", "att-chopra", "omniglot")
BUNDLE_FOLDER = SHIPPED_BUNDLES


def calibration(edges, genuine, impostor):
    whole = fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM).calibration
    histogram = Histogram(edges=edges, genuine=genuine, impostor=impostor)
    return whole.model_copy(update={"histogram": histogram})


@pytest.mark.parametrize("name", BUNDLES)
def test_the_bins_of_a_shipped_bundle_hold_about_as_much_each(name):
    reference = baseline_of(open_bundle(BUNDLE_FOLDER / name).manifest.calibration)
    both = (reference.genuine + reference.impostor) / 2
    assert 5 <= len(both) <= MAX_BINS
    assert both.min() >= 0.04
    assert both.max() <= 0.25


def test_shares_are_the_sums_over_the_bins_that_were_merged():
    counts = np.random.default_rng(1).integers(0, 40, (2, 64))
    genuine, impostor = counts / counts.sum(axis=1, keepdims=True)
    edges = np.linspace(0, 3.2, 65)
    reference = baseline_of(calibration(tuple(edges), tuple(genuine), tuple(impostor)))
    upper = [*reference.bounds, np.inf]
    lower = [-np.inf, *reference.bounds]
    centres = (edges[1:] + edges[:-1]) / 2
    for shares, merged in ((genuine, reference.genuine), (impostor, reference.impostor)):
        expected = [
            shares[(centres > low) & (centres <= high)].sum()
            for low, high in zip(lower, upper, strict=True)
        ]
        np.testing.assert_allclose(merged, expected, atol=5e-3)  # half a pair in 1800
        assert merged.sum() == pytest.approx(1)
        assert merged.min() > 0


def test_an_energy_at_an_edge_belongs_to_the_bin_above_it():
    reference = baseline_of(calibration((0.0, 8.0, 16.0), (0.9, 0.1), (0.1, 0.9)))
    (bound,) = reference.bounds
    assert bound < 8.0 == np.nextafter(np.float32(bound), np.float32(np.inf))


def test_another_histogram_is_another_calibration():
    one = baseline_of(calibration((0.0, 8.0, 16.0), (0.9, 0.1), (0.1, 0.9)))
    other = baseline_of(calibration((0.0, 8.0, 16.0), (0.8, 0.2), (0.1, 0.9)))
    assert one.calibration != other.calibration


def test_energies_that_are_all_alike_make_one_bin():
    assert baseline_of(calibration((0.0, 1.0), (1.0,), (1.0,))).bounds == ()
