"""Activations of a bundle of codes: its graph, cut before the sign.

A graph of kind `codes` takes the sign of activations and packs it. For a protocol that needs the
activations, the graph is cut at its only comparison with 0, whose input becomes the output.
"""

import onnx
import onnx.utils

from training.errors import ExportError


def before_sign(graph: bytes) -> bytes:
    """Cut a graph of kind `codes` before the sign: float32 activations, (N, bits), out.

    Raises:
        ExportError: The graph has no comparison with 0, or several.
    """
    model = onnx.load_from_string(graph)
    signs = [node for node in model.graph.node if node.op_type == "Greater"]
    if len(signs) != 1:
        raise ExportError(
            f"the graph takes {len(signs)} signs where a graph of codes takes one, so its "
            "activations cannot be found; export the run again"
        )
    activations = signs[0].input[0]
    cut = onnx.utils.Extractor(model).extract_model(
        [value.name for value in model.graph.input], [activations]
    )
    return bytes(cut.SerializeToString())
