"""Graph whose large tensors lie in the file of another graph, and its form with all tensors inside.

The int8 graph of a bundle computes its 8-bit weights from the float32 weights of the encoder's own
graph. It names them by their place in that file, as ONNX's external data does, so that the bundle
holds them once. No runtime reads that file: the tensors are put in place here, within bounds.
"""

from collections.abc import Iterator

from model.errors import IntegrityError
from model.external_data import DATA_LOCATION, EXTERNAL_DATA, MAX_FIELDS, Field, fields

_GRAPH, _INITIALISER, _RAW_DATA = 7, 5, 9
"""Fields of `ModelProto`, `GraphProto` and `TensorProto`."""
_BYTES = 2
_LOW_BITS, _HIGH_BIT = 0x7F, 0x80


def with_weights(graph: bytes, file: str, weights: bytes) -> bytes:
    """Put the tensors of a graph that lie in another file into it.

    Args:
        graph: The graph.
        file: Name of the one file that its tensors may lie in.
        weights: Content of that file.

    Raises:
        IntegrityError: A tensor lies elsewhere or beyond the file's end, all of them are larger
            than the file, or the bytes are no ONNX graph.
    """
    inside = _Weights(file, weights)
    return b"".join(
        _field(_GRAPH, _rewritten(whole[field.start : field.end], inside))
        if field.number == _GRAPH and field.wire == _BYTES
        else part
        for whole, field, part in inside.parts(graph)
    )


class _Weights:
    """The file with the tensors, and how much of it and how many fields may still be read."""

    def __init__(self, file: str, content: bytes) -> None:
        self._file, self._content = file.encode(), content
        self._left, self._fields_left = len(content), MAX_FIELDS

    def parts(self, message: bytes) -> Iterator[tuple[bytes, Field, bytes]]:
        """Yield the message, each field of it, and the field's bytes with its tag."""
        at = 0
        for field in fields(message, 0, len(message)):
            self._fields_left -= 1
            if self._fields_left < 0:
                raise IntegrityError(f"the graph has more than {MAX_FIELDS:,} fields")
            yield message, field, message[at : field.end]
            at = field.end

    def tensor(self, place: dict[bytes, bytes]) -> bytes:
        """Return a tensor's data, from the entries of its external data."""
        at, length = (_number(place.get(name, b"")) for name in (b"offset", b"length"))
        self._left -= length
        known = place.keys() <= {b"location", b"offset", b"length"}
        if not known or place.get(b"location") != self._file:
            raise IntegrityError("a tensor of the graph lies in a file that it may not lie in")
        if at + length > len(self._content) or self._left < 0:
            raise IntegrityError("a tensor of the graph lies beyond the end of its file")
        return self._content[at : at + length]


def _rewritten(graph: bytes, weights: _Weights) -> bytes:
    """Put the tensors into the initialisers of a `GraphProto`."""
    return b"".join(
        _field(_INITIALISER, _filled(whole[field.start : field.end], weights))
        if field.number == _INITIALISER and field.wire == _BYTES
        else part
        for whole, field, part in weights.parts(graph)
    )


def _filled(tensor: bytes, weights: _Weights) -> bytes:
    """Put its data into a `TensorProto` that lies elsewhere; another is returned as it is."""
    place: dict[bytes, bytes] = {}
    rest: list[bytes] = []
    for whole, field, part in weights.parts(tensor):
        if field.number == EXTERNAL_DATA and field.wire == _BYTES:
            entry = {
                each.number: whole[each.start : each.end] for each in fields(whole, *field[3:])
            }
            place[entry.get(1, b"")] = entry.get(2, b"")
        elif field.number != DATA_LOCATION:
            rest.append(part)
    if not place:
        return tensor
    return b"".join([*rest, _field(_RAW_DATA, weights.tensor(place))])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > _LOW_BITS:
        encoded.append(value & _LOW_BITS | _HIGH_BIT)
        value >>= 7
    return bytes([*encoded, value])


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > len(str(1 << 62)):
        raise IntegrityError("a tensor of the graph has no place in its file")
    return int(text)
