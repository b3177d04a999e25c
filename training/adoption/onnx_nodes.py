"""Nodes and constants of an ONNX graph under construction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper


@dataclass
class Nodes:
    """Nodes and constants of a part of a graph, under construction."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:  # noqa: ANN401
        """Append a node of one output; return the output's name."""
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, value: Any) -> str:  # noqa: ANN401 (an array)
        """Append a constant; return its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name
