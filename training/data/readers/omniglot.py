"""Omniglot (Lake, Salakhutdinov, Tenenbaum 2015): its background and evaluation zips together.

An identity is a character of an alphabet. The evaluation alphabets are the test identities, as in
the data set's own protocol.
"""

from dataclasses import replace
from pathlib import Path

from training.data.image_set import ImageSet, sorted_images
from training.data.readers.folder import read_zip

_SETS = ("images_background*.zip", "images_evaluation*.zip")


def is_omniglot(folder: Path) -> bool:
    """Check whether a folder has both sets, original or repacked."""
    return all(any(folder.glob(pattern)) for pattern in _SETS)


def read_omniglot(folder: Path) -> ImageSet:
    """Read both sets.

    Raises:
        DataError: A zip that cannot be read, or has no images.
    """
    background, evaluation = (read_zip(min(folder.glob(pattern))) for pattern in _SETS)
    return replace(
        background,
        name="omniglot",
        images=sorted_images([*background, *evaluation]),
        test_identities=frozenset(evaluation.identities),
        # Its alphabets have characters of the same name on purpose.
        remarks=replace(background.remarks + evaluation.remarks, doubts="", nested=""),
    )
