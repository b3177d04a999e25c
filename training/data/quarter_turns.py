"""Quarter turns of images, as new identities (Vinyals et al. 2016, section 4.1.1).

A sign turned by 90, 180 or 270 degrees counts as another sign. Turn after the split, so that a sign
and its turned forms stay in one part.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.preprocessing import upright_image
from training.data.image_set import ImageSet, LabelledImage, sorted_images

_DEGREES = (90, 180, 270)
_ENDINGS = tuple(f"@{degrees}" for degrees in _DEGREES)


def with_quarter_turns(images: ImageSet) -> ImageSet:
    """Add every image turned by 90, 180 and 270 degrees.

    The turned identities are named `<identity>@<degrees>`; an image is turned when it is read.
    """
    turned = [_turned(image, degrees) for image in images for degrees in _DEGREES]
    return replace(images, images=sorted_images([*images, *turned]))


def unturned_labels(identities: Sequence[str]) -> NDArray[np.int64]:
    """Number the identities, from 0, turned forms of one by one number, (identities,)."""
    names = [name.rpartition("@")[0] if name.endswith(_ENDINGS) else name for name in identities]
    return np.unique(names, return_inverse=True)[1]


def _turned(image: LabelledImage, degrees: int) -> LabelledImage:
    return LabelledImage(
        f"{image.name}@{degrees}",
        f"{image.identity}@{degrees}",
        partial(_turned_png, image.read, degrees),
    )


def _turned_png(read: Callable[[], bytes], degrees: int) -> bytes:
    file = io.BytesIO()
    turn = Image.Transpose[f"ROTATE_{degrees}"]
    upright_image(read()).transpose(turn).save(file, "PNG", compress_level=1)
    return file.getvalue()
