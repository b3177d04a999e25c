import io

import numpy as np
import pytest
from PIL import Image

from model.errors import BrokenImageError
from tests.training import synthetic
from training.data.image_set import ImageSet, LabelledImage
from training.trust.corruptions import CORRUPTIONS, corrupted

ORIGINAL = np.stack([synthetic.pattern(3, k, side=80) for k in range(3)], axis=-1)
SET = ImageSet("one", (LabelledImage("a.png", "a", lambda: synthetic.png(ORIGINAL)),))


def pixels_of(name, seed=0, images=SET):
    data = next(iter(corrupted(images, name, seed))).read()
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_changes_the_image_alike_each_time_and_keeps_its_size(name):
    once = pixels_of(name)
    assert once.shape == ORIGINAL.shape
    assert (once != ORIGINAL).mean() > 0.2
    np.testing.assert_array_equal(once, pixels_of(name))


def test_turned_images_have_the_pixels_of_another_place():
    np.testing.assert_array_equal(pixels_of("upside down"), ORIGINAL[::-1, ::-1])
    np.testing.assert_array_equal(pixels_of("mirrored"), ORIGINAL[:, ::-1])


def test_the_others_keep_what_they_say():
    assert np.ptp(pixels_of("blank")) == 0
    assert np.ptp(pixels_of("grey"), axis=-1).max() == 0
    small = pixels_of("16 pixels")
    blocks = small.reshape(16, 5, 16, 5, 3).mean(axis=(1, 3))
    means = ORIGINAL.reshape(16, 5, 16, 5, 3).mean(axis=(1, 3))
    assert np.corrcoef(blocks.ravel(), means.ravel())[0, 1] > 0.95
    covered = (pixels_of("half covered") == 128).all(axis=-1)
    assert covered.mean() == pytest.approx(0.5, abs=0.02)
    brightness = pixels_of("side light").mean(axis=(0, 2)) / ORIGINAL.mean(axis=(0, 2))
    assert brightness.max() > 4 * brightness.min()
    assert (
        abs(np.diff(pixels_of("blurred").astype(float), axis=1)).mean()
        < 0.7 * abs(np.diff(ORIGINAL.astype(float), axis=1)).mean()
    )


def test_noise_is_another_in_each_image_and_for_each_seed():
    other = ImageSet("two", (LabelledImage("b.png", "a", SET.images[0].read),))
    drawn = [pixels_of("noise"), pixels_of("noise", seed=1), pixels_of("noise", images=other)]
    for one, two in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(drawn[one].ravel(), drawn[two].ravel())[0, 1]) < 0.05


def test_a_file_that_is_no_image_is_refused():
    broken = ImageSet("broken", (LabelledImage("a.png", "a", lambda: b"no image"),))
    with pytest.raises(BrokenImageError, match=r"a\.png"):
        pixels_of("grey", images=broken)
