"""Errors of the cut; the activations of a cut graph are tested in `test_codes.py`."""

import onnx
import pytest

from training.errors import ExportError
from training.export.presign_graph import before_sign


@pytest.mark.parametrize("signs", [0, 2])
def test_a_graph_that_takes_no_sign_or_several_is_refused(signs):
    value = onnx.helper.make_tensor_value_info
    nodes = [onnx.helper.make_node("Greater", ["x", "x"], [f"y{i}"]) for i in range(signs)]
    graph = onnx.helper.make_graph(nodes, "g", [value("x", onnx.TensorProto.FLOAT, [1])], [])
    with pytest.raises(ExportError, match=f"takes {signs} signs"):
        before_sign(onnx.helper.make_model(graph).SerializeToString())
