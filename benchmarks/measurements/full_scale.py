"""JPEG decoding without reduced scale, for comparison."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, JpegImagePlugin


@contextmanager
def full_scale() -> Iterator[None]:
    """Decode JPEG at full scale and in its own colours within the block."""
    with _drafts(lambda _image, _mode, _size: None):
        yield


@contextmanager
def full_scale_grey() -> Iterator[None]:
    """Decode JPEG at full scale within the block, in grey where grey is requested."""
    reduced = JpegImagePlugin.JpegImageFile.draft
    with _drafts(lambda image, mode, _size: reduced(image, mode, image.size)):
        yield


@contextmanager
def no_shortcut() -> Iterator[None]:
    """Decode JPEG at full scale within the block, and resize without the box filter."""
    resize = Image.Image.resize

    def whole(image: Image.Image, *arguments: Any, **choices: Any) -> Image.Image:  # noqa: ANN401 (Pillow's)
        return resize(image, *arguments, **(choices | {"reducing_gap": None}))

    Image.Image.resize = whole  # type: ignore[method-assign,assignment]
    try:
        with full_scale_grey():
            yield
    finally:
        Image.Image.resize = resize  # type: ignore[method-assign]


@contextmanager
def _drafts(draft: Callable[..., object]) -> Iterator[None]:
    kept = JpegImagePlugin.JpegImageFile.draft
    JpegImagePlugin.JpegImageFile.draft = draft  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        JpegImagePlugin.JpegImageFile.draft = kept  # type: ignore[method-assign]
