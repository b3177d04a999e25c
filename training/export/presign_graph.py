"""The activations behind a bundle's codes: its own graph, cut before the sign.

A graph of kind `codes` takes the sign of activations and packs it, and the service has no use for
more. A protocol that needs the activations finds them in that same graph: everything up to the one
comparison with 0 is kept, and its input becomes the output. So what is measured is the network that
is shipped, in ONNX Runtime, and neither manifest nor graph holds anything for it.
"""

from __future__ import annotations

import onnx
import onnx.utils

from training.errors import ExportError


def before_sign(graph: bytes) -> bytes:
    """The graph of the activations, float32 (N, bits), from that of their packed signs.

    Args:
        graph: Of kind `codes`, as `training.export.onnx_graph` exports it: uint8 (N, bits / 8) out.

    Raises:
        ExportError: It has no comparison with 0, or several, so that it is no such graph.
    """
    model = onnx.load_from_string(graph)
    signs = [node for node in model.graph.node if node.op_type == "Greater"]
    if len(signs) != 1:
        raise ExportError(
            f"the graph takes {len(signs)} signs where a graph of codes takes one: its activations "
            "cannot be told; export the run again"
        )
    activations = signs[0].input[0]
    kept = onnx.utils.Extractor(model).extract_model(
        [value.name for value in model.graph.input], [activations]
    )
    return bytes(kept.SerializeToString())
