import numpy as np
import pytest

from model.manifest import Metric
from tests import fakes
from training.metrics import plots
from training.metrics.pairs import all_pairs
from training.metrics.rates import RateTable, curve

LABELS = np.repeat(np.arange(6), 4)
PAIRS = {
    "scattered": np.random.default_rng(0).standard_normal((24, 3)).astype(np.float32),
    "parted": np.repeat(np.eye(6, dtype=np.float32), 4, axis=0),
    "all alike": np.ones((24, 3), np.float32),
}


@pytest.mark.parametrize("embeddings", PAIRS.values(), ids=PAIRS)
def test_every_plot_is_an_svg_however_the_energies_lie(embeddings):
    pairs = all_pairs(embeddings, LABELS, Metric.L2)
    drawn = curve(RateTable(pairs))
    for svg in (plots.histogram(pairs, {"1 %": 0.5}), plots.det(drawn), plots.roc(drawn)):
        assert svg.startswith("<svg")
        assert svg.rstrip().endswith("</svg>")


def test_the_thresholds_are_named_in_the_histogram():
    pairs = all_pairs(PAIRS["scattered"], LABELS, Metric.L2)
    bare, named = (plots.histogram(pairs, t) for t in ({}, {"one": 0.5, "two": 0.7}))
    assert "<!-- one -->" not in bare
    assert "<!-- one -->" in named
    assert "<!-- two -->" in named


def test_a_curve_of_four_points_is_drawn():
    accuracy = fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM).accuracy
    assert plots.det(accuracy.curve) != plots.roc(accuracy.curve)
