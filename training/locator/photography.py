"""Light, blur, noise, frames and compression of scenes, as photographs have them."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.locator.placement import Draw, Placed

_JPEG = 0.12
_GREY = 128.0


def photograph(pixels: Tensor, placed: Placed, draw: Draw) -> Tensor:
    """Vary colour, light, sharpness, noise, padding and compression of whole scenes.

    Args:
        pixels: float32 (N, 3, canvas, canvas), which is changed.
        placed: Squares that a grey frame is laid around.
        draw: Random numbers for the N scenes.
    """
    canvas = pixels.shape[-1]
    shape = (-1, 1, 1, 1)
    grey = pixels.mean(dim=1, keepdim=True)
    kept = (draw.between(0.3, 1.3) * (1 - draw.whether(0.3))).view(shape)
    pixels = grey + kept * (pixels - grey)
    tint = torch.stack([draw.between(0.85, 1.15) for _ in range(3)], dim=1)[:, :, None, None]
    tint = torch.where(kept > 0, tint, torch.ones_like(tint))
    contrast = draw.between(0.5, 1.4).view(shape)
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = (pixels * tint - mean) * contrast + mean + draw.between(-40, 40).view(shape)
    position = torch.linspace(-1, 1, canvas)
    slope = [draw.between(-0.4, 0.4) * draw.whether(0.5) for _ in range(2)]
    ramp = 1 + slope[0][:, None, None] * position + slope[1][:, None, None] * position[:, None]
    pixels = _blurred(pixels * ramp[:, None], draw)
    chosen = torch.nonzero(draw.whether(0.3))[:, 0]
    noise = torch.randn((len(chosen), *pixels.shape[1:]), generator=draw.generator)
    pixels[chosen] += draw.between(0, 14)[chosen].view(shape) * noise
    return _compressed(_framed(pixels.clamp(0, 255), placed, draw), draw)


def _blurred(pixels: Tensor, draw: Draw) -> Tensor:
    """Blur some scenes by a Gaussian of up to 1.5 pixels."""
    chosen = torch.nonzero(draw.whether(0.25))[:, 0]
    width = draw.between(0.4, 1.5)
    if not len(chosen):
        return pixels
    taps = torch.arange(-3, 4)[None, :]
    kernel = torch.exp(-taps.square() / (2 * width[chosen, None].square()))
    kernel = kernel / kernel.sum(dim=1, keepdim=True)
    size = pixels.shape[2:]
    flat = pixels[chosen].reshape(1, -1, *size)
    kernel = kernel.repeat_interleave(3, dim=0)[:, None]
    groups = flat.shape[1]
    flat = torch.nn.functional.pad(flat, (3, 3, 3, 3), mode="replicate")
    flat = torch.nn.functional.conv2d(flat, kernel[:, :, None, :], groups=groups)
    flat = torch.nn.functional.conv2d(flat, kernel[:, :, :, None], groups=groups)
    pixels[chosen] = flat.view(-1, 3, *size)
    return pixels


def _framed(pixels: Tensor, placed: Placed, draw: Draw) -> Tensor:
    """Lay grey over what is outside a frame around some squares.

    As around a picture that is cut upright near its edge, or padded at its right and lower edge.
    """
    canvas = pixels.shape[-1]
    is_turned = draw.whether(0.12)[:, None, None, None]
    grid = placed.positions(canvas)
    bounds = torch.stack([draw.between(0.5, 2.0) for _ in range(4)], dim=1)[:, None, None]
    outside = ((grid > bounds[..., :2]) | (grid < -bounds[..., 2:])) & (is_turned > 0)
    pixel = (torch.arange(canvas) + 0.5) / canvas
    places = torch.stack(torch.meshgrid(pixel, pixel, indexing="xy"), dim=2)
    is_padded = draw.whether(0.15)[:, None, None, None]
    limits = torch.stack([1 - draw.between(0, 0.3) * draw.whether(0.6) for _ in range(2)], dim=1)
    outside |= (places > limits[:, None, None]) & (is_padded > 0)
    return torch.where(outside.any(dim=3)[:, None], torch.full_like(pixels, _GREY), pixels)


def _compressed(pixels: Tensor, draw: Draw) -> Tensor:
    """Compress some scenes as JPEG, and round all."""
    pixels = pixels.round()
    quality = draw.between(25, 90)
    for row in torch.nonzero(draw.whether(_JPEG))[:, 0].tolist():
        image = Image.fromarray(pixels[row].to(torch.uint8).permute(1, 2, 0).contiguous().numpy())
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(quality[row]))
        pixels[row] = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float()
    return pixels
