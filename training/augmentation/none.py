"""No augmentation: images are only resized."""

from torch import Generator, Tensor, nn

from training.serving_graph.normalise import to_channels_first


def augment(canvas: Tensor, size: tuple[int, int], _generator: Generator) -> Tensor:
    """Resize a batch: uint8 (N, H, W, C) to float32 (N, C, *size), 0 … 255."""
    pixels = to_channels_first(canvas)
    if pixels.shape[-2:] == size:
        return pixels
    resized: Tensor = nn.functional.interpolate(pixels, size, mode="bilinear", antialias=True)
    return resized


def build() -> object:
    """Build the augmentation `none`."""
    return augment
