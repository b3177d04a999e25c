"""The way back: a bundle's ONNX graph read into the PyTorch network that it was exported from.

The exporter keeps most parameters under their own names, but folds each batch norm that follows a
convolution or a linear layer into it, and keeps the slopes of a PReLU without a name. What was
folded is taken up so that the network computes the same in evaluation mode: the layer keeps the
folded kernel, and its norm passes everything but adds the folded bias.

Training does not use a norm's stored statistics but those of each batch, so a norm that passes
everything would change what the network computes as soon as it is trained. `restore_statistics`
therefore measures mean and variance before each such norm on some images, and stores both the
statistics and the scale and shift that undo them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from training.errors import WeightsError
from training.inference.pytorch import embed

_PREFIX = "encoder."
"""What the exporter puts before a parameter's name: its place in `ServedEncoder`."""

_COUNTER = "num_batches_tracked"

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class _Call:
    """One call of a layer: its name, and the very tensors that went in and came out."""

    name: str
    layer: nn.Module
    taken: Tensor
    given: Tensor


def load_graph(encoder: nn.Module, graph: bytes, example: NDArray[np.uint8]) -> list[nn.Module]:
    """Read a graph's weights into the network that it was exported from.

    Args:
        encoder: That network, untrained, on the CPU; afterwards in evaluation mode.
        graph: The bytes of the ONNX file.
        example: Any image, uint8, (1, H, W, C): one pass shows in which order layers are called.

    Returns:
        The norms whose statistics the graph does not hold; see `restore_statistics`.

    Raises:
        WeightsError: The graph is not of this network, or was quantised or altered.
    """
    model = onnx.load_model_from_string(graph)
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    calls = list(_calls(encoder.eval(), example))
    found = {
        **_named(encoder, weights),
        **_slopes(calls, _initialisers_of(model, "PRelu", weights)),
    }
    folded = [pair for pair in _followed(calls) if f"{pair[1].name}.running_mean" not in found]
    biases = _biases(model, weights)
    for layer, norm in folded:
        found.update(_passing(layer, norm, biases))
    _load(encoder, found)
    return [norm.layer for _, norm in folded]


def restore_statistics(
    encoder: nn.Module, norms: Iterable[nn.Module], images: NDArray[np.uint8]
) -> None:
    """Give norms the statistics of some images, and the scale and shift that undo them.

    In evaluation mode the network computes what it did before.

    Args:
        encoder: The network that holds the norms, on the CPU.
        norms: As `load_graph` returned them.
        images: uint8, (images, H, W, C), like those to be trained on.
    """
    moments = {norm: _Moments() for norm in norms}
    hooks = [norm.register_forward_pre_hook(of.add) for norm, of in moments.items()]
    embed(encoder, images, torch.device("cpu"))
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        for norm, of in moments.items():
            _undone(norm, of.mean.float(), of.variance.float())


class _Moments:
    """Mean and variance of each channel over all positions of all images."""

    def __init__(self) -> None:
        self.count = 0
        self.total = self.squares = torch.zeros(())

    def add(self, _: nn.Module, taken: tuple[Tensor, ...]) -> None:
        """A norm's input: (N, channels, …)."""
        values = taken[0].double().transpose(0, 1).flatten(1)
        self.count += values.shape[1]
        self.total = self.total + values.sum(1)
        self.squares = self.squares + values.square().sum(1)

    @property
    def mean(self) -> Tensor:
        """(channels,)."""
        return self.total / self.count

    @property
    def variance(self) -> Tensor:
        """(channels,)."""
        return (self.squares / self.count - self.mean.square()).clamp_min(0)


def _undone(norm: nn.Module, mean: Tensor, variance: Tensor) -> None:
    """Put statistics into a norm that passes everything, without a change of what it computes."""
    inner: Any = norm
    inner.running_mean.copy_(mean)
    inner.running_var.copy_(variance)
    inner.weight.copy_((variance + inner.eps).sqrt())
    inner.bias.add_(mean)


def _calls(encoder: nn.Module, example: NDArray[np.uint8]) -> Iterator[_Call]:
    """Every call of a layer that has no layers within, in order."""
    calls: list[_Call] = []
    hooks = [
        layer.register_forward_hook(
            lambda layer, taken, given, name=name: calls.append(_Call(name, layer, taken[0], given))
        )
        for name, layer in encoder.named_modules()
        if not list(layer.children())
    ]
    embed(encoder, example, torch.device("cpu"))
    for hook in hooks:
        hook.remove()
    return iter(calls)


def _named(encoder: nn.Module, weights: Weights) -> Weights:
    """Everything that the graph holds under its own name."""
    return {
        name: weights[_PREFIX + name] for name in encoder.state_dict() if _PREFIX + name in weights
    }


def _slopes(calls: Iterable[_Call], slopes: list[NDArray[np.float32]]) -> Weights:
    """PReLU's slopes, which have lost their names: both sides in the order of their calls."""
    layers = [call for call in calls if isinstance(call.layer, nn.PReLU)]
    if len(layers) != len(slopes):
        raise WeightsError(
            f"the graph has {len(slopes)} PReLUs and the network {len(layers)}: the graph is not "
            "of this network"
        )
    return {
        f"{call.name}.weight": slope.reshape(-1) for call, slope in zip(layers, slopes, strict=True)
    }


def _initialisers_of(
    model: onnx.ModelProto, operator: str, weights: Weights
) -> list[NDArray[np.float32]]:
    """The second input of each node of a kind, in the graph's order."""
    nodes = (node for node in model.graph.node if node.op_type == operator)
    return [weights[node.input[1]] for node in nodes if node.input[1] in weights]


def _followed(calls: list[_Call]) -> Iterator[tuple[_Call, _Call]]:
    """Each convolution or linear layer whose output goes into a norm, with that norm."""
    for norm in calls:
        if isinstance(norm.layer, _BatchNorm):
            for layer in calls:
                linear = isinstance(layer.layer, nn.Linear | nn.Conv2d)
                if linear and layer.given is norm.taken:
                    yield layer, norm


def _biases(model: onnx.ModelProto, weights: Weights) -> Weights:
    """The bias of each convolution and linear layer of the graph, by the name of its kernel."""
    with_bias = 3
    return {
        node.input[1]: weights[node.input[2]]
        for node in model.graph.node
        if node.op_type in {"Conv", "Gemm"} and len(node.input) == with_bias
        if node.input[2] in weights
    }


def _passing(layer: _Call, norm: _Call, biases: Weights) -> Weights:
    """A norm that passes everything and adds the folded bias; its layer then has none."""
    kernel = f"{_PREFIX}{layer.name}.weight"
    if kernel not in biases:
        raise WeightsError(f"the graph holds no bias for {layer.name}: it is not of this network")
    bias = biases[kernel]
    inner: Any = norm.layer
    found = {
        f"{norm.name}.running_mean": np.zeros_like(bias),
        f"{norm.name}.running_var": np.ones_like(bias),
        f"{norm.name}.weight": np.full_like(bias, (1 + inner.eps) ** 0.5),
        f"{norm.name}.bias": bias,
    }
    if layer.layer.bias is not None:
        found[f"{layer.name}.bias"] = np.zeros_like(bias)
    return found


def _load(encoder: nn.Module, found: Weights) -> None:
    state = encoder.state_dict()
    for name, value in state.items():
        if name.endswith(_COUNTER):
            continue
        if name not in found:
            raise WeightsError(f"the graph does not hold {name}: it is not of this network")
        new = torch.from_numpy(found[name].copy())
        if new.shape != value.shape or new.dtype != value.dtype:
            raise WeightsError(
                f"{name} is {new.dtype} {tuple(new.shape)} in the graph and {value.dtype} "
                f"{tuple(value.shape)} in the network: it is not of this network, or was quantised"
            )
        value.copy_(new)
