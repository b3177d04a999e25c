"""Corruptions of images: each takes an RGB image and a generator, and returns an RGB image."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from model.errors import BrokenImageError
from training.data.image_set import ImageSet, LabelledImage

Corruption = Callable[[Image.Image, np.random.Generator], Image.Image]

WITHOUT_IDENTITY = frozenset({"noise", "blank"})
"""Corruptions after which an image shows nothing of its identity."""
_TINY = 16
_JPEG_QUALITY = 5
_BLUR = 1 / 40
_DARKEST, _LIGHTEST = 0.05, 1.4


def corrupted(images: ImageSet, name: str, seed: int) -> ImageSet:
    """Return a data set whose images are corrupted when they are read, each by its own draw."""
    changed = tuple(
        replace(image, read=partial(_read_corrupted, image, CORRUPTIONS[name], seed))
        for image in images
    )
    return replace(images, images=changed)


def _read_corrupted(image: LabelledImage, corruption: Corruption, seed: int) -> bytes:
    rng = np.random.default_rng([seed, *image.name.encode()])
    try:
        with Image.open(io.BytesIO(image.read())) as opened:
            whole = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise BrokenImageError(f"{image.name} cannot be decoded: {error}") from error
    return _encoded(corruption(whole, rng), "PNG")


def _noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    shape = (image.height, image.width, 3)
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def _blank(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    grey = int(rng.integers(256))
    return Image.new("RGB", image.size, (grey, grey, grey))


def _upside_down(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_180)


def _mirrored(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _blurred(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(image.size) * _BLUR))


def _tiny(image: Image.Image, _: np.random.Generator) -> Image.Image:
    scale = _TINY / max(image.size)
    small = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(small, Image.Resampling.BOX).resize(image.size, Image.Resampling.BILINEAR)


def _jpeg(image: Image.Image, _: np.random.Generator) -> Image.Image:
    with Image.open(io.BytesIO(_encoded(image, "JPEG", quality=_JPEG_QUALITY))) as coarse:
        return coarse.convert("RGB")


def _grey(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.convert("L").convert("RGB")


def _side_light(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    light = np.linspace(_DARKEST, _LIGHTEST, image.width)[:: int(rng.choice([-1, 1]))]
    lit = np.asarray(image, dtype=np.float64) * light[np.newaxis, :, np.newaxis]
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8))


def _half_covered(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    x, y = width // 2, height // 2
    boxes = [(0, 0, x, height), (x, 0, width, height), (0, 0, width, y), (0, y, width, height)]
    covered = image.copy()
    covered.paste((128, 128, 128), boxes[int(rng.integers(len(boxes)))])
    return covered


CORRUPTIONS: Mapping[str, Corruption] = {
    "noise": _noise,
    "blank": _blank,
    "upside down": _upside_down,
    "mirrored": _mirrored,
    "blurred": _blurred,
    "16 pixels": _tiny,
    "JPEG quality 5": _jpeg,
    "grey": _grey,
    "side light": _side_light,
    "half covered": _half_covered,
}
"""All corruptions, by the name that the page gives them."""


def _encoded(image: Image.Image, file_format: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()
