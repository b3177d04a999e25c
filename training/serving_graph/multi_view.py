"""Test-time augmentation in an exported graph: the embeddings of several views are averaged.

The graph crops each view from its input, mirrors it if the view is mirrored, and embeds it; the
mean of the embeddings, scaled to length 1, is the embedding of the image. Training does not use
views: an encoder that was trained on crops of many scales is more accurate on two than on one.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from model.manifest import InputSpec
from training.config.sections import View


def served_input(spec: InputSpec, views: Sequence[View]) -> InputSpec:
    """Return the input of a graph around an encoder of input `spec` that cuts out its views.

    It is the widest view, at a size at which the narrowest has the encoder's size.
    """
    if not views:
        return spec
    shares = [view.middle for view in views]
    scale = max(shares) / min(shares)
    width, height = round(spec.width * scale), round(spec.height * scale)
    return spec.model_copy(update={"width": width, "height": height, "middle": max(shares)})


def with_views(encoder: nn.Module, spec: InputSpec, views: Sequence[View]) -> nn.Module:
    """Return the module to export: the encoder, or one that averages its embeddings of views."""
    return MultiViewEncoder(encoder, spec, tuple(views)) if views else encoder


class MultiViewEncoder(nn.Module):
    """Averages the embeddings of several views by one encoder, which have length 1."""

    def __init__(self, encoder: nn.Module, spec: InputSpec, views: tuple[View, ...]) -> None:
        super().__init__()
        self.encoder = encoder
        self._size = (spec.height, spec.width)
        self._views = views
        self._widest = max(view.middle for view in views)

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, C, H, W) of `served_input` to (N, dim), each row of length 1."""
        crops = torch.cat([self._crop(images, view) for view in self._views])
        embeddings = self.encoder(crops).unflatten(0, (len(self._views), -1))
        return nn.functional.normalize(embeddings.sum(dim=0), dim=1)

    def _crop(self, images: Tensor, view: View) -> Tensor:
        """Crop a view of each image, (N, C, *size of the encoder's input)."""
        height, width = images.shape[2:]
        rows = round(height * view.middle / self._widest)
        columns = round(width * view.middle / self._widest)
        top, left = (height - rows) // 2, (width - columns) // 2
        part = images[:, :, top : top + rows, left : left + columns]
        if (rows, columns) != self._size:
            part = nn.functional.interpolate(part, self._size, mode="bilinear")
        return part.flip(3) if view.mirrored else part
