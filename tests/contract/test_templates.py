"""The service compares several images on a side as the calibration did."""

import numpy as np
import pytest

from model.bundle import open_bundle
from model.manifest import Kind, Metric
from model.preprocessing import preprocess
from tests import fakes
from training.inference.comparer import graph_comparer
from training.inference.template_comparer import template_comparer
from training.metrics.template_trials import TrialBound, draw_trials

PHOTOS = [fakes.photo(identity, take) for identity in (1, 2, 3) for take in (0, 2, 4, 6)]


@pytest.mark.parametrize(
    ("name", "kind"), [("tiny", Kind.ENCODER), ("tiny-codes", Kind.CODES)], ids=["l2", "codes"]
)
def test_an_energy_by_http_is_that_of_the_calibration(client, models_dir, name, kind):
    bundle = open_bundle(models_dir / name)
    assert bundle.manifest.kind is kind
    pixels = np.stack([preprocess(photo, bundle.manifest.input) for photo in PHOTOS])
    trials = draw_trials(
        np.repeat([0, 1, 2], 4), (1, 2), TrialBound(impostor=6, rounds=1, most_rounds=1)
    )
    metric = Metric.HAMMING if kind is Kind.CODES else Metric.L2
    found = template_comparer(graph_comparer(bundle.onnx, metric), pixels)(trials)
    for energy, (left, right) in zip(found, trials.compared, strict=True):
        files = [("image1", PHOTOS[i]) for i in trials.left[left]]
        files += [("image2", PHOTOS[i]) for i in trials.right[right]]
        answer = client.post("/verify", files=files, data={"model": name}).json()
        assert answer["energy"] == pytest.approx(float(energy), rel=1e-4)
