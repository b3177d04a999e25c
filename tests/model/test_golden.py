import numpy as np
import pytest

from model.errors import SelfCheckError
from model.golden import TOLERANCE, check_golden, check_golden_pairs, golden_image, golden_pairs
from model.manifest import Aspect, Golden, InputSpec
from tests import fakes


def answers(*numbers):
    return lambda images: np.tile(np.float32(numbers), (len(images), 1))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_golden_image_is_its_formula_pixel_by_pixel(channels):
    spec = InputSpec(width=37, height=21, channels=channels, aspect=Aspect.PAD)
    image = golden_image(spec)
    assert (image.shape, image.dtype) == ((21, 37, channels), np.uint8)
    for y in range(21):
        for x in range(37):
            for c in range(channels):
                assert image[y, x, c] == (7 * x + 13 * y + 29 * c + x * y) % 256


def test_the_promised_graph_passes(graph, manifest):
    run = fakes.run_reference
    assert check_golden(manifest.golden, manifest.input, lambda x: run(graph, x)) is None


def test_an_altered_graph_is_refused(manifest):
    altered = fakes.encoder_graph(seed=1)
    with pytest.raises(SelfCheckError, match="off by"):
        check_golden(manifest.golden, manifest.input, lambda x: fakes.run_reference(altered, x))


def test_a_small_change_of_the_weights_is_refused(manifest):
    altered = fakes.encoder_graph(centre=126.5)
    with pytest.raises(SelfCheckError, match="altered"):
        check_golden(manifest.golden, manifest.input, lambda x: fakes.run_reference(altered, x))


@pytest.mark.parametrize(("share", "passes"), [(0.5, True), (0.99, True), (1.01, False)])
def test_the_tolerance_is_relative_to_the_largest_magnitude(share, passes):
    golden = Golden(embedding=(-200.0, 1.0), tolerance=TOLERANCE)
    run = answers(-200.0, 1.0 + share * TOLERANCE * 200)
    if passes:
        check_golden(golden, fakes.SPEC, run)
    else:
        with pytest.raises(SelfCheckError):
            check_golden(golden, fakes.SPEC, run)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_answer_that_is_not_finite_is_refused(bad):
    golden = Golden(embedding=(1.0, 2.0), tolerance=0.1)
    with pytest.raises(SelfCheckError):
        check_golden(golden, fakes.SPEC, answers(1.0, bad))


def test_an_answer_of_another_length_is_refused():
    golden = Golden(embedding=(1.0, 2.0), tolerance=0.1)
    with pytest.raises(SelfCheckError, match="3 numbers; the manifest promises 2"):
        check_golden(golden, fakes.SPEC, answers(1.0, 2.0, 3.0))


def test_a_golden_embedding_of_zeros_is_met_by_zeros_only():
    golden = Golden(embedding=(0.0, 0.0), tolerance=TOLERANCE)
    check_golden(golden, fakes.SPEC, answers(0.0, 0.0))
    with pytest.raises(SelfCheckError):
        check_golden(golden, fakes.SPEC, answers(0.0, 1e-6))


CODE = Golden(embedding=(255.0, 8.0), tolerance=0.1, undecided=(11, 15))


def gives(*values):
    return lambda images: np.tile(np.uint8(values), (len(images), 1))


def flipped(*bits):
    packed = np.uint8([255, 8])
    for bit in bits:
        packed[bit // 8] ^= np.uint8(128 >> bit % 8)
    return gives(*packed)


def test_a_code_passes_that_is_as_promised():
    check_golden(CODE, fakes.SPEC, flipped())


@pytest.mark.parametrize("bit", [i for i in range(16) if i not in CODE.undecided])
def test_any_one_bit_that_is_off_is_refused_the_lowest_too(bit):
    with pytest.raises(SelfCheckError, match="1 of the golden code's 16 bits"):
        check_golden(CODE, fakes.SPEC, flipped(bit))


@pytest.mark.parametrize("bits", [(11,), (15,), (11, 15)])
def test_bits_that_rounding_may_turn_are_not_compared(bits):
    check_golden(CODE, fakes.SPEC, flipped(*bits))
    with pytest.raises(SelfCheckError, match="1 of"):
        check_golden(CODE, fakes.SPEC, flipped(*bits, 3))


def test_a_code_of_another_length_is_refused():
    with pytest.raises(SelfCheckError, match="3 numbers; the manifest promises 2"):
        check_golden(CODE, fakes.SPEC, gives(255, 8, 0))


def test_the_golden_pairs_are_the_image_with_itself_and_with_its_mirror():
    spec = InputSpec(width=9, height=5, channels=3, aspect=Aspect.PAD)
    image, (left, right) = golden_image(spec), golden_pairs(spec)
    assert left.shape == right.shape == (2, 5, 9, 3)
    for first in (*left, right[0]):
        np.testing.assert_array_equal(first, image)
    for x in range(9):
        np.testing.assert_array_equal(right[1][:, x], image[:, 8 - x])


def energies(offset=0.0):
    return lambda left, right: fakes.pair_energy(left, right) + offset


def test_a_pair_model_that_answers_as_promised_passes_and_another_does_not():
    promised = tuple(fakes.pair_energy(*golden_pairs(fakes.SPEC)).tolist())
    golden = Golden(formula="ramp-1-pairs", embedding=promised, tolerance=TOLERANCE)
    check_golden_pairs(golden, fakes.SPEC, energies())
    with pytest.raises(SelfCheckError, match="golden energies are off"):
        check_golden_pairs(golden, fakes.SPEC, energies(0.01))
