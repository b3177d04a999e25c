"""Resize of a decoded image to the shape of a bundle's input."""

from PIL import Image

from model.manifest import Aspect, InputSpec, Resample

REDUCING_GAP = 2
"""Least ratio of a reduced-scale decode to the target, so that the resize still filters."""

_FILTERS = {
    Resample.BILINEAR: Image.Resampling.BILINEAR,
    Resample.BICUBIC: Image.Resampling.BICUBIC,
}

Size = tuple[float, float]
"""Width and height, in pixels."""


def fit(image: Image.Image, spec: InputSpec) -> Image.Image:
    """Resize to the input's size by its aspect rule, with its antialiasing filter."""
    size = (spec.width, spec.height)
    used = (image.width * spec.middle, image.height * spec.middle)
    if spec.aspect is Aspect.PAD:
        return _pad(image, used, size, spec.resample)
    shape = _largest_part(used, size) if spec.aspect is Aspect.CROP else used
    return _resize(image, shape, size, spec.resample)


def _largest_part(source: Size, target: Size) -> Size:
    """The largest part of `source` with the shape of `target`."""
    scale = min(source[0] / target[0], source[1] / target[1])
    return (target[0] * scale, target[1] * scale)


def _resize(
    image: Image.Image, part: Size, size: tuple[int, int], resample: Resample
) -> Image.Image:
    """The centred part of an image, (width, height), at another size."""
    left, top = (image.width - part[0]) / 2, (image.height - part[1]) / 2
    box = (left, top, left + part[0], top + part[1])
    return image.resize(size, _FILTERS[resample], box=box, reducing_gap=REDUCING_GAP)


def _pad(image: Image.Image, used: Size, size: tuple[int, int], resample: Resample) -> Image.Image:
    scale = min(size[0] / used[0], size[1] / used[1])
    inner = (max(1, round(used[0] * scale)), max(1, round(used[1] * scale)))
    canvas = Image.new(image.mode, size, "white")
    resized = _resize(image, used, inner, resample)
    canvas.paste(resized, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return canvas
