import numpy as np
import pytest
from PIL import Image

from tests.training import synthetic
from training.data import duplicates
from training.data.duplicates import difference_hashes, near_groups, near_pairs, same_values
from training.data.quality import inspect
from training.data.readers.folder import read_folder


def thumbnails(count, seed=0):
    """Smooth random pictures, far from each other."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 4, 5), dtype=np.uint8)
    return np.stack(
        [np.asarray(Image.fromarray(c).resize((18, 16), Image.Resampling.BICUBIC)) for c in coarse]
    )


def test_equal_values_are_grouped():
    assert same_values(["a", "b", "a", "c", "b", "a"]) == [[0, 2, 5], [1, 4]]


def test_the_hash_is_the_sign_of_each_step_in_the_halved_picture():
    pictures = thumbnails(5)
    for picture, found in zip(pictures, difference_hashes(pictures), strict=True):
        halved = [
            [picture[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean() for x in range(9)]
            for y in range(8)
        ]
        bits = [row[x] - row[x + 1] > 2 for row in halved for x in range(8)]
        assert [*np.unpackbits(found.reshape(1).view(np.uint8))] == bits


def test_pairs_are_those_that_a_double_loop_finds(monkeypatch):
    monkeypatch.setattr(duplicates, "_BLOCK", 7)
    monkeypatch.setattr(duplicates, "_SLICE", 3)
    rng = np.random.default_rng(1)
    first = thumbnails(20)
    noisy = np.clip(first[:12] + rng.normal(0, 9, (12, 16, 18)), 0, 255).astype(np.uint8)
    pictures = np.concatenate([first, noisy, first[:2]])
    hashes = difference_hashes(pictures)
    expected = {
        (i, j)
        for i in range(len(pictures))
        for j in range(i + 1, len(pictures))
        if int(hashes[i] ^ hashes[j]).bit_count() <= 8
        and np.corrcoef(pictures[i].ravel(), pictures[j].ravel())[0, 1] >= 0.99
    }
    assert len(expected) > 8
    assert set(map(tuple, near_pairs(pictures).tolist())) == expected


def test_groups_are_chains_of_pairs():
    pictures = thumbnails(6)
    assert near_groups(pictures) == []
    assert near_groups(pictures[[0, 1, 2, 1, 3, 1, 0]]) == [[0, 6], [1, 3, 5]]


def test_blank_pictures_are_like_nothing():
    assert near_groups(np.full((4, 16, 18), 255, np.uint8)) == []


def test_the_search_is_bounded(monkeypatch):
    pictures = np.repeat(thumbnails(3), 10, axis=0)
    monkeypatch.setattr(duplicates, "MAX_COMPARED", 20)
    assert sum(map(len, near_groups(pictures))) == 20
    monkeypatch.setattr(duplicates, "MAX_PAIRS", 5)
    monkeypatch.setattr(duplicates, "_SLICE", 5)
    assert len(near_pairs(pictures)) == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((60, 60)),
        lambda image: image.point(lambda level: min(255, 1.1 * level + 5)),
        lambda image: image.convert("RGB"),
    ],
    ids=["smaller", "brighter", "in colour"],
)
def test_a_picture_that_was_saved_again_is_recognised(tmp_path, change):
    for i in range(10):
        folder = tmp_path / f"id{i}"
        folder.mkdir()
        image = Image.fromarray(synthetic.pattern(i, side=120))
        image.save(folder / "0.png")
        change(image).save(folder / "1.jpg", quality=60)
    readable, _ = inspect(read_folder(tmp_path))
    found = near_groups(np.stack([image.thumbnail for image in readable]))
    assert found == [[2 * i, 2 * i + 1] for i in range(10)]
