"""Quarter turns of images, as new identities (Vinyals et al. 2016, section 4.1.1).

A sign turned by 90, 180 or 270 degrees counts as another sign. Turn after the split, so that a sign
and its turned forms stay in one part.
"""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PIL import Image

from model.preprocessing import upright_image
from training.data.image_set import ImageSet, LabelledImage, sorted_images


def with_quarter_turns(images: ImageSet) -> ImageSet:
    """Add every image turned by 90, 180 and 270 degrees.

    The turned identities are named `<identity>@<degrees>`; an image is turned when it is read.
    """
    turned = [_turned(image, degrees) for image in images for degrees in (90, 180, 270)]
    return replace(images, images=sorted_images([*images, *turned]))


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
