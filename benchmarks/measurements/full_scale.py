"""JPEG decoding without the choice of a smaller scale, for comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, JpegImagePlugin


@contextmanager
def full_scale() -> Iterator[None]:
    """Decode JPEG at its full scale and in its own colours within the block."""
    with _drafts(lambda _image, _mode, _size: None):
        yield


@contextmanager
def full_scale_grey() -> Iterator[None]:
    """Decode JPEG at its full scale within the block, brightness alone where that is wanted."""
    reduced = JpegImagePlugin.JpegImageFile.draft
    with _drafts(lambda image, mode, _size: reduced(image, mode, image.size)):
        yield


@contextmanager
def no_shortcut() -> Iterator[None]:
    """Decode JPEG at its full scale, and filter every pixel of it in the resize, in the block."""
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
