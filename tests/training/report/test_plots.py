import re

import numpy as np
import pytest

from model.manifest import LikelihoodRatio, Metric
from tests import fakes
from training.metrics.pairs import all_pairs
from training.metrics.rates import RateTable, curve
from training.metrics.reliability import reliability
from training.report import plots

LABELS = np.repeat(np.arange(6), 4)
PAIRS = {
    "scattered": np.random.default_rng(0).standard_normal((24, 3)).astype(np.float32),
    "parted": np.repeat(np.eye(6, dtype=np.float32), 4, axis=0),
    "all alike": np.ones((24, 3), np.float32),
}
RATIO = LikelihoodRatio(intercept=1.5, slope=-1, log10_min=-2, log10_max=1.2)


def every_plot(pairs):
    return (
        plots.energies(pairs, {"1 %": 0.5}),
        plots.det(curve(RateTable(pairs)), {"1 %": (0.01, 0.3), "5 %": (0.0, 1.0)}),
        plots.reliability(reliability(pairs, RATIO)),
    )


@pytest.mark.parametrize("embeddings", PAIRS.values(), ids=PAIRS)
def test_every_plot_is_an_svg_however_the_energies_lie(embeddings):
    for svg in every_plot(all_pairs(embeddings, LABELS, Metric.L2)):
        assert svg.startswith("<svg")
        assert svg.rstrip().endswith("</svg>")


def test_every_colour_is_the_pages():
    for svg in every_plot(all_pairs(PAIRS["scattered"], LABELS, Metric.L2)):
        named = set(re.findall(r"(?:fill|stroke): ([^;\"]+)", svg))
        assert named - {"none"} <= {f"var(--{name})" for name in plots.COLOURS}


def test_the_thresholds_are_named_in_the_histogram():
    pairs = all_pairs(PAIRS["scattered"], LABELS, Metric.L2)
    bare, named = (plots.energies(pairs, t) for t in ({}, {"one": 0.5, "two": 0.7}))
    assert ">one</text>" not in bare
    assert ">one</text>" in named
    assert ">two</text>" in named


def test_a_curve_of_four_points_is_drawn_with_its_points():
    accuracy = fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM).accuracy
    svg = plots.det(accuracy.curve, {"inside": (0.01, 0.1), "at an end": (0.0, 0.1)})
    assert ">inside</text>" in svg
    assert "at an end" not in svg


def test_a_claim_without_any_impostor_has_no_point():
    pairs = all_pairs(PAIRS["parted"], LABELS, Metric.L2)
    bins = reliability(pairs, RATIO)
    assert all(np.isinf(one.actual) for one in bins)
    assert plots.reliability(bins) == plots.reliability(())
