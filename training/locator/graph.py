"""Export of a locator's network as an ONNX graph, with its non-maximum suppression."""

import copy
import logging
import warnings

import torch
from torch import Tensor, nn

from training.errors import ExportError
from training.export.onnx_graph import OPSET, without_metadata
from training.locator.network import MULTIPLE, ConvolutionBlock, LocatorNetwork, squares

CANDIDATES = 8
"""Candidates that a graph returns for a picture, best first."""
_EXAMPLE = (2, 3 * MULTIPLE, 4 * MULTIPLE, 3)


class LocatorGraph(nn.Module):
    """Pictures, uint8 (N, H, W, 3), to candidates, float32 (N, 8, 5), the best first.

    A candidate is score, x, y, u and v: see `training.locator.network.squares`. A cell counts only
    if none of its eight neighbours has a higher score; where there are fewer than 8 such cells, the
    other candidates are zeros. H and W are multiples of 32.
    """

    def __init__(self, network: LocatorNetwork) -> None:
        super().__init__()
        self.network = _folded(network)

    def forward(self, image: Tensor) -> Tensor:
        """Find the candidates of a batch of pictures."""
        maps = self.network(image.permute(0, 3, 1, 2).to(torch.float32))
        found = squares(maps)
        score = found[:, :1]
        highest = nn.functional.max_pool2d(score, 3, stride=1, padding=1)
        kept = torch.where(score == highest, score, torch.zeros_like(score)).flatten(1)
        best, cells = torch.topk(kept, CANDIDATES, dim=1)
        places = found[:, 1:].flatten(2)
        chosen = torch.gather(places, 2, cells[:, None].expand(-1, 4, -1))
        candidates = torch.cat([best[:, None], chosen], dim=1)
        return (candidates * (best > 0).to(torch.float32)[:, None]).permute(0, 2, 1)


def to_onnx(network: LocatorNetwork) -> bytes:
    """Export a trained network: input `image`, output `candidates`, any size that fits.

    Raises:
        ExportError: PyTorch's exporter returned no graph.
    """
    batch = torch.export.Dim("batch", min=1)
    height = MULTIPLE * torch.export.Dim("height32", min=1, max=256)
    width = MULTIPLE * torch.export.Dim("width32", min=1, max=256)
    with warnings.catch_warnings():
        # The exporter's warnings are about its own internals, not about this graph.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            LocatorGraph(network).eval(),
            (torch.zeros(_EXAMPLE, dtype=torch.uint8),),
            input_names=["image"],
            output_names=["candidates"],
            opset_version=OPSET,
            dynamic_shapes={"image": {0: batch, 1: height, 2: width}},
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ExportError("PyTorch's exporter returned no graph")
    return without_metadata(program.model_proto)


def _folded(network: LocatorNetwork) -> LocatorNetwork:
    """Copy a network with each batch norm folded into the convolution before it."""
    copied = copy.deepcopy(network).cpu().eval()
    for module in list(copied.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, ConvolutionBlock):
                setattr(module, name, child.folded())
    return copied
