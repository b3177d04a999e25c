"""Check of a candidate with a locator: whether it finds one thing in nearly every image."""

from collections.abc import Sequence
from dataclasses import replace

from training.data.decoding import acquisition
from training.data.image_set import ImageSet
from training.inference.locating import configured_locator
from training.selection.member import Entry
from training.selection.progress import ChoiceProgress

_SAMPLE = 200
"""Maximum images that are looked at."""
_MIN_LOCATED = 0.95
"""Least share of images in which one thing is located: a service refuses the others."""


def suited(entries: Sequence[Entry], images: ImageSet, progress: ChoiceProgress) -> list[Entry]:
    """Select the candidates whose locator suits the images, and those that have none.

    Raises:
        DataError: No image could be read.
        RunError: There is no such locator.
    """
    return [entry for entry in entries if _is_locating(entry, images, progress)]


def _is_locating(entry: Entry, images: ImageSet, progress: ChoiceProgress) -> bool:
    locator = configured_locator(entry.config)
    if locator is None:
        return True
    name = entry.candidate.name
    progress.trying(f"the locator of {name}")
    sample = replace(images, images=images.images[:: -(-len(images) // _SAMPLE)])
    found = acquisition(sample, locator)
    located = found.images - found.nothing - found.several
    if located < _MIN_LOCATED * found.images:
        progress.say(
            f"not tried: {name}, whose locator finds one thing in {located} of {found.images} "
            "images only"
        )
        return False
    progress.say(f"{name}: one thing is located in {located} of {found.images} images")
    return True
