import numpy as np
import onnxruntime
import pytest

from app.encoders.providers import CUDA
from benchmarks.errors import ToolMissingError
from benchmarks.measurements.cuda import check_cuda, difference
from benchmarks.servers.ceiling import bundle_of


def test_without_cuda_it_says_what_is_missing():
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    with pytest.raises(ToolMissingError, match="install onnxruntime-gpu"):
        check_cuda()


def test_two_runs_differ_by_the_largest_difference_of_an_energy_and_by_decisions():
    bundle = bundle_of("faces")
    threshold = bundle.manifest.calibration.default_point.threshold
    # On a line: energies of 0.9, 1.1 and 0.2 thresholds, and then of 0.9, 0.9 and 0.
    one = threshold * np.array([[0.0, 0.0], [0.9, 0.0], [1.1, 0.0]], dtype=np.float32)
    other = threshold * np.array([[0.0, 0.0], [0.9, 0.0], [0.9, 0.0]], dtype=np.float32)
    largest, decisions, pairs = difference((one, other), bundle)
    assert largest == pytest.approx(0.2 * threshold, rel=1e-5)
    assert (decisions, pairs) == (1, 3)


def test_a_run_does_not_differ_from_itself():
    rows = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    assert difference((rows, rows), bundle_of("faces")) == (0, 0, 10)
