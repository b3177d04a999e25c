import contextlib
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import BrokenImageError
from model.manifest import Aspect, InputSpec
from model.preprocessing import preprocess, upright_image

WIDTH, HEIGHT = 5, 7
CPU_BOUND_S = 3.0
"""Pillow's own loop takes 130 s."""


def seen(data):
    spec = InputSpec(width=WIDTH, height=HEIGHT, channels=3, aspect=Aspect.STRETCH)
    return preprocess(data, spec).astype(int)


def written(samples, highest, *, plain, between=" "):
    """A PGM or PPM of samples, shape (height, width) or (height, width, 3)."""
    magic = {(2, False): "P5", (3, False): "P6", (2, True): "P2", (3, True): "P3"}
    head = f"{magic[samples.ndim, plain]} {WIDTH} {HEIGHT} {highest}\n".encode()
    if plain:
        return head + between.join(map(str, samples.reshape(-1))).encode()
    return head + samples.astype(">u2" if highest > 255 else "u1").tobytes()


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 65535),
    st.booleans(),
    st.sampled_from([(HEIGHT, WIDTH), (HEIGHT, WIDTH, 3)]),
    st.sampled_from([" ", "\n", " # 1 2 3\n", "\t\r\n", "\n##\n\n"]),
    st.integers(0, 2**32 - 1),
)
def test_the_greatest_value_is_white_whatever_it_is(highest, plain, shape, between, seed):
    samples = np.random.default_rng(seed).integers(0, highest + 1, shape)
    samples.flat[:2] = 0, highest
    expected = samples * 255 / highest
    expected = expected[..., None] if len(shape) == 2 else expected
    found = seen(written(samples, highest, plain=plain, between=between))
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize(
    "body", [b"1 0 1 0 1 0", b"101010", b"101\n010", b"1#c 01\n01010", b"101010 and so on"]
)
def test_bits_need_no_space_between_them(body):
    found = np.asarray(upright_image(b"P1 3 2\n" + body))
    np.testing.assert_array_equal(found, [[0, 255, 0], [255, 0, 255]])


@pytest.mark.parametrize(
    "data",
    [
        b"P2 5 7 255\n1 2 3",
        b"P2 5 7 255\n",
        b"P2 5 7 255\n" + b"1 " * 34 + b"-1",
        b"P2 5 7 255\n" + b"1 " * 34 + b"x",
        b"P2 5 7 255\n" + b"256 " * 35,
        b"P2 5 7 255\n" + b"1 " * 34 + b"1" * 12,
        b"P1 5 7\n" + b"1" * 34,
        b"P1 5 7\n" + b"1" * 34 + b"2",
        b"P5 5 7 100\n" + bytes(34),
        b"P6 5 7 300\n" + bytes(100),
    ],
)
def test_samples_that_are_missing_or_too_great_are_damage(data):
    with pytest.raises(BrokenImageError, match="PPM image is damaged or cut short"):
        seen(data)


@pytest.mark.parametrize(
    "data",
    [
        b"P2 2200 2200 255\n" + b"#\n1 " * 2_400_000,
        b"P2 2200 2200 255\n" + b"1 " * 4_840_000,
        b"P2 2200 2200 255\n" + b"#" * 9_900_000,
        b"P1 3100 3100\n" + b"#\n1" * 3_200_000,
        b"P5 3100 3100 254\n" + bytes(3100 * 3100),
        b"P6 1200 1200 4095\n" + bytes(1200 * 1200 * 6),
    ],
    ids=["comments", "plain", "one comment", "bits", "254", "twelve bits"],
)
def test_a_file_of_the_greatest_size_takes_bounded_time(data):
    began = time.process_time()
    with contextlib.suppress(BrokenImageError):
        seen(data)
    assert time.process_time() - began < CPU_BOUND_S
