import numpy as np
import pytest

from app.decision import choose_threshold, compare, decide, to_vectors
from model.errors import OperatingPointError, VectorError
from model.manifest import Kind, Metric
from model.scoring import likelihood_ratio_interval
from tests import fakes

ENCODER = fakes.make_manifest(b"g", golden=(0.0,) * fakes.DIM)
CODES = fakes.make_manifest(b"g", kind=Kind.CODES, metric=Metric.HAMMING, golden=(0.0,) * fakes.DIM)
L1 = fakes.make_manifest(b"g", metric=Metric.L1, golden=(0.0,) * fakes.DIM)


def test_the_default_threshold_is_the_manifests():
    choice = choose_threshold(ENCODER)
    assert (choice.threshold, choice.target_fmr) == (0.3, 0.01)


def test_a_threshold_of_zero_is_a_threshold():
    choice = choose_threshold(ENCODER, threshold=0.0)
    assert (choice.threshold, choice.target_fmr, choice.rates.fnmr) == (0.0, None, 1.0)


def test_an_unsupported_target_is_refused_with_the_supported_ones():
    with pytest.raises(OperatingPointError) as raised:
        choose_threshold(ENCODER, fmr=0.001)
    assert raised.value.supported == fakes.SUPPORTED


@pytest.mark.parametrize(
    ("manifest", "reference"),
    [
        (
            ENCODER,
            lambda a, b: float(np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))),
        ),
        (L1, lambda a, b: float(sum(abs(x - y) for x, y in zip(a, b, strict=True)))),
    ],
)
def test_energies_are_the_metrics_own(manifest, reference):
    rng = np.random.default_rng(1)
    probe = rng.standard_normal(fakes.DIM).astype(np.float32)
    gallery = rng.standard_normal((5, fakes.DIM)).astype(np.float32)
    compared = compare(manifest, probe, gallery, choose_threshold(manifest))
    expected = [reference(probe.tolist(), row) for row in gallery.tolist()]
    np.testing.assert_allclose(compared.energies, expected, rtol=1e-5)
    assert compared.same.tolist() == [value <= 0.3 for value in expected]


def test_the_energy_of_codes_counts_the_bits_that_differ():
    probe = np.array([0b1010] + [0] * 7, dtype=np.uint8)
    gallery = np.array([[0b1010] + [0] * 7, [0b0101] + [255] * 7], dtype=np.uint8)
    compared = compare(CODES, probe, gallery, choose_threshold(CODES))
    assert compared.energies.tolist() == [0.0, 60.0]
    assert compared.same.tolist() == [True, False]


def test_a_decision_quotes_its_threshold_and_a_ratio_that_falls_with_the_energy():
    zero = np.zeros((2, fakes.DIM), dtype=np.float32)
    near, far = zero.copy(), zero.copy()
    near[1, 0], far[1, 0] = 0.25, 0.5
    choice = choose_threshold(ENCODER)
    same, different = decide(ENCODER, near, choice), decide(ENCODER, far, choice)
    assert (same.same, different.same) == (True, False)
    assert same.likelihood_ratio == pytest.approx(10**1.5)
    assert different.likelihood_ratio == pytest.approx(10**-1)
    assert same.likelihood_ratio_interval == likelihood_ratio_interval(
        ENCODER.calibration.likelihood_ratio, same.energy
    )


def test_an_energy_at_the_threshold_is_the_same():
    pair = np.zeros((2, fakes.DIM), dtype=np.float32)
    pair[1, 0] = 0.25
    assert decide(ENCODER, pair, choose_threshold(ENCODER, threshold=0.25)).same


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ([0.0] * 7, "row 2 has 7 numbers"),
        ([0.0] * 7 + [float("nan")], "row 2 holds"),
        ([0.0] * 7 + [1e300], "row 2 holds"),
    ],
)
def test_a_bad_vector_is_named_by_its_row(bad, complaint):
    rows = [[0.0] * fakes.DIM, [1.0] * fakes.DIM, bad]
    with pytest.raises(VectorError, match=f"gallery {complaint}") as raised:
        to_vectors(ENCODER, rows, "gallery")
    assert raised.value.row == 2


@pytest.mark.parametrize("value", [-1.0, 256.0, 0.5])
def test_codes_are_bytes(value):
    with pytest.raises(VectorError, match="probe row 0 holds a number that is not a whole one"):
        to_vectors(CODES, [[value] + [0.0] * 7], "probe")


def test_codes_become_the_bytes_that_they_say():
    vectors = to_vectors(CODES, [[0.0, 255.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], "probe")
    assert vectors.dtype == np.uint8
    assert vectors.tolist() == [[0, 255, 1, 2, 3, 4, 5, 6]]


def test_vectors_too_far_apart_for_float32_are_refused_by_row():
    gallery = np.zeros((2, fakes.DIM), dtype=np.float32)
    gallery[1] = 3e38
    with pytest.raises(VectorError, match="gallery row 1 is too far") as raised:
        compare(ENCODER, gallery[0], gallery, choose_threshold(ENCODER))
    assert raised.value.row == 1
