import numpy as np
import pytest

from tests import fakes
from training.domain_check import alterations
from training.domain_check.alterations import ALTERATIONS, altered


def images_of(height, width, channels, count=4):
    size = (width, height)
    grey = np.stack([np.asarray(fakes.image_of(i, 0, size)) for i in range(count)])
    return np.repeat(grey[..., np.newaxis], channels, axis=3)


@pytest.mark.parametrize("shape", [(40, 30, 3), (28, 28, 1), (4, 5, 1)])
def test_every_alteration_keeps_the_shape_and_changes_an_image_that_is_not_tiny(shape):
    image = images_of(*shape)[1]
    before = image.copy()
    for alter in ALTERATIONS:
        other = alter(image, np.random.default_rng(0))
        assert (other.shape, other.dtype) == (image.shape, np.uint8)
        assert (other != image).any() or min(shape[:2]) < 5
    np.testing.assert_array_equal(image, before)


def test_images_are_altered_alike_each_time_and_by_every_alteration():
    images = images_of(20, 20, 1)
    first, again = list(altered(images)), list(altered(images))
    assert len(first) == len(ALTERATIONS)
    for (rows, pixels), (same_rows, same_pixels) in zip(first, again, strict=True):
        np.testing.assert_array_equal(rows, same_rows)
        np.testing.assert_array_equal(pixels, same_pixels)
        assert sorted(set(rows)) == list(rows)


def test_of_many_images_some_are_altered_by_each(monkeypatch):
    monkeypatch.setattr(alterations, "IMAGES_EACH", 3)
    rows = [rows for rows, _ in altered(images_of(12, 12, 1, 9))]
    assert all(len(each) == 3 for each in rows)
    assert len({row for each in rows for row in each.tolist()}) == 9


def test_known_alterations_do_what_they_say():
    image = images_of(40, 40, 1)[0]
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(alterations.inverted(image, rng), 255 - image.astype(int))
    np.testing.assert_array_equal(alterations.upside_down(image, rng)[0, 0], image[-1, -1])
    assert alterations.dark(image, rng).mean() < 0.42 * image.mean()
    assert alterations.flat(image, rng).std() == pytest.approx(0.3 * image.std(), rel=0.05)
    blurred, closer, plain, noisy = (
        np.abs(np.diff(pixels[..., 0].astype(float))).mean()
        for pixels in (
            alterations.blurred(image, rng),
            alterations.closer(image, rng),
            image,
            alterations.noisy(image, rng),
        )
    )
    assert max(blurred, closer) < plain < noisy
