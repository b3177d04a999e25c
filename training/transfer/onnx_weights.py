"""Read the weights of an ONNX graph back into the PyTorch network that it was exported from.

The exporter keeps most parameters under their own names. It folds each batch norm that follows a
convolution or a linear layer into that layer, and it drops the names of PReLU slopes. A folded norm
is restored as a pass-through: the layer gets the folded kernel, and the norm adds the folded bias
and changes nothing else. In evaluation mode the network then computes what the graph does.

In training mode a norm uses the statistics of each batch, so a pass-through norm would change what
the network computes: `restore_statistics` measures the statistics of its input on some images.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from training.errors import WeightsError
from training.inference.pytorch import embed

_PREFIX = "encoder."
"""Prefix of a parameter's name in the graph: the encoder's attribute name in `ServedEncoder`."""

_COUNTER = "num_batches_tracked"
_INPUTS_WITH_BIAS = 3

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class _Call:
    """One call of a layer, with the tensors that went in and came out."""

    name: str
    layer: nn.Module
    input: Tensor
    output: Tensor


def load_graph(encoder: nn.Module, graph: bytes, example: NDArray[np.uint8]) -> list[nn.Module]:
    """Read a graph's weights into the network that it was exported from.

    Args:
        encoder: That network, untrained, on the CPU; afterwards in evaluation mode.
        graph: The bytes of the ONNX file.
        example: Any image, uint8, (1, H, W, C): one pass shows the order of the layers' calls.

    Returns:
        The norms whose statistics the graph does not hold; see `restore_statistics`.

    Raises:
        WeightsError: The graph is not of this network, or was quantised or altered.
    """
    model, weights = _parse(graph)
    calls = _record_calls(encoder.eval(), example)
    state = {
        name: weights[_PREFIX + name] for name in encoder.state_dict() if _PREFIX + name in weights
    }
    state.update(_prelu_slopes(calls, model, weights))
    biases, norms = _biases(model, weights), list[nn.Module]()
    for layer, norm in _layers_before_norms(calls):
        if f"{norm.name}.running_mean" not in state:
            state.update(_pass_through(layer, norm, biases))
            norms.append(norm.layer)
    _load(encoder, state)
    return norms


def _parse(graph: bytes) -> tuple[onnx.ModelProto, Weights]:
    """Parse a graph, and return it with its weights, by name.

    Raises:
        WeightsError: The bytes are no graph, or a weight is malformed or not finite.
    """
    try:
        model = onnx.load_model_from_string(graph)
        weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    except (DecodeError, ValueError, TypeError, LookupError, AttributeError, OSError) as error:
        raise WeightsError(f"the graph is malformed: {error}") from error
    for name, values in weights.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise WeightsError(f"the weight {name} holds values that are not finite numbers")
    return model, weights


def restore_statistics(
    encoder: nn.Module, norms: Iterable[nn.Module], images: NDArray[np.uint8]
) -> None:
    """Give norms the statistics of some images, and the scale and shift that cancel them.

    In evaluation mode the network, on the CPU, computes the same as before. The images, uint8,
    (images, H, W, C), are like those to be trained on.
    """
    sums: dict[Any, Tensor] = dict.fromkeys(norms, torch.zeros(()))

    def add(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        values = inputs[0].double().transpose(0, 1).flatten(1)  # (channels, positions)
        count = torch.full((len(values),), values.shape[1])
        sums[norm] = sums[norm] + torch.stack([count, values.sum(1), values.square().sum(1)])

    hooks = [norm.register_forward_pre_hook(add) for norm in sums]
    embed(encoder, images)
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        for norm, (count, total, squares) in sums.items():
            mean = total / count
            variance = (squares / count - mean.square()).clamp_min(0).float()
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.add_(mean.float())


def _record_calls(encoder: nn.Module, example: NDArray[np.uint8]) -> list[_Call]:
    """Return every call of a layer without sublayers, in order."""
    calls: list[_Call] = []
    hooks = [
        layer.register_forward_hook(
            lambda layer, inputs, output, name=name: calls.append(
                _Call(name, layer, inputs[0], output)
            )
        )
        for name, layer in encoder.named_modules()
        if not list(layer.children())
    ]
    embed(encoder, example)
    for hook in hooks:
        hook.remove()
    return calls


def _prelu_slopes(calls: list[_Call], model: onnx.ModelProto, weights: Weights) -> Weights:
    """Return the slopes of all PReLUs; graph and network are matched by the order of calls."""
    layers = [call.name for call in calls if isinstance(call.layer, nn.PReLU)]
    nodes = (node for node in model.graph.node if node.op_type == "PRelu")
    slopes = [weights[node.input[1]] for node in nodes if _second_input(node) in weights]
    if len(layers) != len(slopes):
        raise WeightsError(
            f"the graph has {len(slopes)} PReLUs and the network {len(layers)}: the graph is not "
            "of this network"
        )
    return {f"{name}.weight": slope.reshape(-1) for name, slope in zip(layers, slopes, strict=True)}


def _second_input(node: onnx.NodeProto) -> str:
    return str(node.input[1]) if len(node.input) > 1 else ""


def _layers_before_norms(calls: list[_Call]) -> Iterator[tuple[_Call, _Call]]:
    """Yield each convolution or linear layer whose output is a norm's input, with that norm."""
    for norm in calls:
        if isinstance(norm.layer, _BatchNorm):
            for call in calls:
                if isinstance(call.layer, nn.Linear | nn.Conv2d) and call.output is norm.input:
                    yield call, norm


def _biases(model: onnx.ModelProto, weights: Weights) -> Weights:
    """Return the bias of each convolution and linear layer of the graph, by its kernel's name."""
    return {
        node.input[1]: weights[node.input[2]]
        for node in model.graph.node
        if node.op_type in {"Conv", "Gemm"} and len(node.input) == _INPUTS_WITH_BIAS
        if node.input[2] in weights
    }


def _pass_through(layer: _Call, norm: _Call, biases: Weights) -> Weights:
    """Return the state of a norm that only adds the folded bias; its layer then has none."""
    kernel = f"{_PREFIX}{layer.name}.weight"
    if kernel not in biases:
        raise WeightsError(f"the graph holds no bias for {layer.name}: it is not of this network")
    bias = biases[kernel]
    eps: Any = norm.layer.eps
    state = {
        f"{norm.name}.running_mean": np.zeros_like(bias),
        f"{norm.name}.running_var": np.ones_like(bias),
        f"{norm.name}.weight": np.full_like(bias, (1 + eps) ** 0.5),
        f"{norm.name}.bias": bias,
    }
    if layer.layer.bias is not None:
        state[f"{layer.name}.bias"] = np.zeros_like(bias)
    return state


def _load(encoder: nn.Module, state: Weights) -> None:
    for name, value in encoder.state_dict().items():
        if name.endswith(_COUNTER):
            continue
        if name not in state:
            raise WeightsError(f"the graph does not hold {name}: it is not of this network")
        try:
            new = torch.from_numpy(state[name].copy())
        except TypeError as error:
            raise WeightsError(f"{name} cannot be read: {error}") from error
        if new.shape != value.shape or new.dtype != value.dtype:
            raise WeightsError(
                f"{name} is {new.dtype} {tuple(new.shape)} in the graph and {value.dtype} "
                f"{tuple(value.shape)} in the network: it is not of this network, or was quantised"
            )
        value.copy_(new)
