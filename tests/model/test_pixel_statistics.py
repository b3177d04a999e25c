import numpy as np
import pytest

from model.manifest import Aspect, InputSpec
from model.pixel_statistics import PixelStatistics
from model.schema.domain import PIXEL_FEATURES


def spec(width, height, channels):
    return InputSpec(width=width, height=height, channels=channels, aspect=Aspect.STRETCH)


def noise(width, height, channels, count=2):
    shape = (count, height, width, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_light_and_sharpness_are_means_of_regions():
    """A naive computation, of an image small enough for every row to be read."""
    image = noise(24, 19, 1, 1)
    numbers = PixelStatistics(spec(24, 19, 1))(image)[0]
    grey = image[0, :, :, 0].astype(float)
    light = [grey[3 * i : 3 * i + 3, 4 * j : 4 * j + 4].mean() for i in range(6) for j in range(6)]
    np.testing.assert_allclose(numbers[:36], light, rtol=1e-5)
    across = np.abs(np.diff(grey[:18], axis=1))[:, :-1]
    edges = np.linspace(0, 22, 4).round().astype(int)
    expected = [
        np.log(0.5 + across[6 * i : 6 * i + 6, edges[j] : edges[j + 1]].mean())
        for i in range(3)
        for j in range(3)
    ]
    np.testing.assert_allclose(numbers[36:45], expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(4, 4, 1), (5, 4, 3), (28, 28, 1), (144, 144, 3), (7, 900, 3)])
def test_every_shape_has_finite_statistics(shape):
    images = np.concatenate([noise(*shape), np.zeros((1, *noise(*shape).shape[1:]), np.uint8)])
    numbers = PixelStatistics(spec(*shape))(images)
    assert numbers.shape == (3, PIXEL_FEATURES[shape[2]])
    assert numbers.dtype == np.float32
    assert np.isfinite(numbers).all()


def test_an_image_has_the_same_statistics_in_any_batch():
    images = noise(24, 32, 3, 5)
    statistics = PixelStatistics(spec(24, 32, 3))
    np.testing.assert_array_equal(statistics(images)[3:4], statistics(images[3:4]))


def test_a_grey_image_has_no_colour():
    images = np.repeat(noise(24, 32, 1), 3, axis=3)
    numbers = PixelStatistics(spec(24, 32, 3))(images)
    np.testing.assert_allclose(numbers[:, -3:], [[0, 0, np.log(0.5)]] * 2, atol=0.01)
