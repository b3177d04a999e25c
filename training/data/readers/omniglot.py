"""Omniglot (Lake, Salakhutdinov, Tenenbaum 2015): its background and evaluation zips together.

An identity is a character of an alphabet. The evaluation alphabets are the test identities, as in
the data set's own protocol.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from training.data.image_set import ImageSet, sorted_images
from training.data.readers.folder import read_zip


def evaluation_zips(folder: Path) -> list[Path]:
    """Find the zips of evaluation alphabets, original or repacked."""
    return sorted(folder.glob("images_evaluation*.zip"))


def background_zips(folder: Path) -> list[Path]:
    """Find the zips of background alphabets."""
    return sorted(folder.glob("images_background*.zip"))


def is_omniglot(folder: Path) -> bool:
    """Check whether a folder has both sets."""
    return bool(evaluation_zips(folder) and background_zips(folder))


def read_omniglot(folder: Path) -> ImageSet:
    """Read both sets.

    Raises:
        DataError: A zip that cannot be read, or has no images.
    """
    background = read_zip(background_zips(folder)[0])
    evaluation = read_zip(evaluation_zips(folder)[0])
    images = sorted_images([*background, *evaluation])
    return replace(
        background,
        name="omniglot",
        images=images,
        test_identities=frozenset(evaluation.identities),
    )
