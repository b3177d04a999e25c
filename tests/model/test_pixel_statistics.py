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
    image = noise(24, 24, 1, 1)
    numbers = PixelStatistics(spec(24, 24, 1))(image)[0]
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
    size = (np.abs(across).mean() + np.abs(down).mean()) / 2
    np.testing.assert_allclose(numbers[38 + 288], np.log(size + 0.5), rtol=1e-4)
    side = 23 / 12
    shares = np.array([1, side - 1])
    for first, steps in ((38, across), (38 + 144, down)):
        expected = (shares @ steps[:2, :2] @ shares) / side**2 / (size + 1)
        np.testing.assert_allclose(numbers[first], expected, rtol=1e-3)
    side = 23 / 6
    shares = np.array([1, 1, 1, side - 3])
    every = (across, down, across + down, across - down)
    for first, steps in zip(range(327, 471, 36), every, strict=True):
        expected = (shares @ np.abs(steps[:4, :4]) @ shares) / side**2
        np.testing.assert_allclose(numbers[first], np.log(expected + 0.5), rtol=1e-4)
    here = grey[1::3]
    shares = np.array([1, 1, 2 / 3])
    columns = np.append(np.ones(7), 1 / 3)
    first, second = np.diff(here, axis=1)[:, :-1], np.diff(here, 2, axis=1)
    third, fourth = here - grey[::3], grey[2::3] - 2 * here + grey[::3]
    for place, steps in zip(range(471, 507, 9), (first, second, third, fourth), strict=True):
        expected = (shares @ np.abs(steps[:3, :8]) @ columns) / (8 / 3) / (22 / 3)
        np.testing.assert_allclose(numbers[place], np.log(expected + 0.5), rtol=1e-4)


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
    # Sums of other lengths are rounded otherwise.
    np.testing.assert_allclose(statistics(images)[3:4], statistics(images[3:4]), atol=1e-4)


def test_colour_says_nothing():
    grey = noise(24, 32, 1)
    numbers = [
        PixelStatistics(spec(24, 32, channels))(np.repeat(grey, channels, axis=3))
        for channels in (1, 3)
    ]
    np.testing.assert_allclose(*numbers, atol=1e-3)
