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


def test_statistics_are_means_of_regions():
    """A naive computation, of an image of which every row is read."""
    image = noise(36, 36, 1, 1)
    numbers = PixelStatistics(spec(36, 36, 1))(image)[0]
    grey = image[0, :, :, 0].astype(float)

    def means(plane, side):
        """Means of regions whose edges lie between pixels."""
        height, width = np.array(plane.shape) // side
        return [
            plane[height * i : height * (i + 1), width * j : width * (j + 1)].mean()
            for i in range(side)
            for j in range(side)
        ]

    light = np.log(np.array(means(grey, 6)) + 8)
    np.testing.assert_allclose(numbers[:36], light - light.mean(), atol=1e-4)
    np.testing.assert_allclose(
        numbers[36:38], [light.mean(), np.log(light.std() + 0.05)], rtol=1e-4
    )
    across, down = np.diff(grey, axis=1)[:-1], np.diff(grey, axis=0)[:, :-1]
    size = np.sqrt((across**2 + down**2).mean()) + 1
    np.testing.assert_allclose(numbers[38 + 288], np.log(size), rtol=1e-4)
    first = across[: 35 // 12 + 1, : 35 // 12 + 1]
    shares = np.array([1, 1, 35 / 12 - 2])
    expected = (shares @ first @ shares) / (35 / 12) ** 2 / size
    np.testing.assert_allclose(numbers[38], expected, rtol=1e-3)
    steps = np.abs(np.diff(grey[1::3], axis=1))[:, :-1]
    fractions = (34 / 3, 11, 1 / 3)
    region = steps[:4, :11].sum() + fractions[2] * steps[:4, 11].sum()
    mean = region / (4 * fractions[0])
    np.testing.assert_allclose(numbers[-36], np.log(mean + 0.5), rtol=1e-4)


@pytest.mark.parametrize("shape", [(4, 4, 1), (5, 4, 3), (28, 28, 1), (144, 144, 3), (7, 900, 3)])
def test_every_shape_has_finite_statistics(shape):
    images = np.concatenate([noise(*shape), np.zeros((1, *noise(*shape).shape[1:]), np.uint8)])
    numbers = PixelStatistics(spec(*shape))(images)
    assert numbers.shape == (3, PIXEL_FEATURES)
    assert numbers.dtype == np.float32
    assert np.isfinite(numbers).all()


def test_an_image_has_the_same_statistics_in_any_batch():
    images = noise(24, 32, 3, 5)
    statistics = PixelStatistics(spec(24, 32, 3))
    np.testing.assert_array_equal(statistics(images)[3:4], statistics(images[3:4]))


def test_colour_says_nothing():
    grey = noise(24, 32, 1)
    numbers = [
        PixelStatistics(spec(24, 32, channels))(np.repeat(grey, channels, axis=3))
        for channels in (1, 3)
    ]
    np.testing.assert_allclose(*numbers, atol=1e-3)
