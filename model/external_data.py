"""Check that an ONNX graph holds all of its tensors, before any runtime opens it.

A tensor of a graph may lie in another file, whose path the graph chooses. A runtime would read it,
though no hash of the manifest covers it. The graph is Protocol Buffers (`onnx.proto`); only the
messages that lead to a tensor are followed, in place, so that no weight is copied.
"""

from collections.abc import Iterator
from typing import NamedTuple

from model.errors import IntegrityError

PARTS: dict[str, dict[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
}
"""For each message, its fields that hold a message in which a tensor may be."""
EXTERNAL_DATA, DATA_LOCATION = 13, 14
"""Fields of a `TensorProto`: where its data is in another file, and whether it is in one."""
MAX_FIELDS = 500_000
"""Maximum number of fields that are looked at, which takes a second; `faces-crops` has 1,600."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}
_MAX_TAG_BYTES, _MAX_VARINT_BYTES = 5, 10
_ORT_FORMAT = b"ORTM"
"""Bytes 4 to 8 of ONNX Runtime's own format, which it takes in place of ONNX."""


class Field(NamedTuple):
    """A field: its number and wire type, and its number or the range of its bytes."""

    number: int
    wire: int
    value: int
    start: int
    end: int


def check_self_contained(graph: bytes) -> None:
    """Check that every tensor of a graph is in the graph itself.

    Tensors are looked for in graphs, nested graphs, functions, attributes, sparse tensors and
    training information, whether or not anything uses them.

    Raises:
        IntegrityError: A tensor lies elsewhere, or the bytes are not an ONNX graph.
    """
    if graph[4:8] == _ORT_FORMAT:
        raise IntegrityError("the graph is of ONNX Runtime's own format; only ONNX is read")
    seen, messages = 0, [("ModelProto", 0, len(graph))]
    while messages:
        kind, start, end = messages.pop()
        parts = PARTS.get(kind)
        for field in fields(graph, start, end):
            seen += 1
            if seen > MAX_FIELDS:
                raise IntegrityError(f"the graph has more than {MAX_FIELDS:,} fields")
            if parts is None:
                _check_tensor_field(graph, field)
            elif field.wire == _BYTES and field.number in parts:
                messages.append((parts[field.number], field.start, field.end))


def _check_tensor_field(graph: bytes, field: Field) -> None:
    # A location of 0 is the default one: in the graph.
    is_elsewhere = field.number == DATA_LOCATION and (field.value or field.wire != _VARINT)
    if is_elsewhere or field.number == EXTERNAL_DATA:
        raise IntegrityError(
            f"the graph keeps a tensor in another file{_place(graph, field)}, which no hash covers "
            "and which is never read; save the graph with all tensors inside it"
        )


def _place(graph: bytes, field: Field) -> str:
    """Name the file, from the pair of key (1) and value (2) that an entry of the location is."""
    if field.wire != _BYTES or field.number != EXTERNAL_DATA:
        return ""
    pair = {each.number: graph[each.start : each.end] for each in fields(graph, *field[3:])}
    if pair.get(1) != b"location":
        return ""
    return f" ({pair.get(2, b'')[:200].decode(errors='replace')!r})"


def fields(graph: bytes, at: int, end: int) -> Iterator[Field]:
    """Read the fields of the message between two positions, in order.

    Encodings that no writer of ONNX uses are refused: another reader might see another field.
    """
    while at < end:
        tag, at = _varint(graph, at, end, _MAX_TAG_BYTES)
        number, wire = tag >> 3, tag & 7
        value = 0
        if wire == _VARINT:
            value, stop = _varint(graph, at, end, _MAX_VARINT_BYTES)
        elif wire == _BYTES:
            length, at = _varint(graph, at, end, _MAX_TAG_BYTES)
            stop = at + length
        elif wire in _FIXED_BYTES:
            stop = at + _FIXED_BYTES[wire]
        else:
            raise _no_graph(at)
        if stop > end or not number or tag >> 32:
            raise _no_graph(at)
        yield Field(number, wire, value, at, stop)
        at = stop


def _varint(graph: bytes, at: int, end: int, max_bytes: int) -> tuple[int, int]:
    """Read a number of 7 bits a byte, lowest first; return it and the position after it."""
    value = 0
    for position in range(at, min(end, at + max_bytes)):
        byte = graph[position]
        value |= (byte & 0x7F) << (7 * (position - at))
        if byte < 0x80:  # noqa: PLR2004 (the bit that says that another byte follows)
            return value, position + 1
    raise _no_graph(at)


def _no_graph(at: int) -> IntegrityError:
    return IntegrityError(f"the file is not an ONNX graph: it cannot be read at byte {at:,}")
