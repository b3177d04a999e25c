import google.protobuf.message
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from model import external_data
from model.bundle import open_bundle, sha256, write_bundle
from model.errors import IntegrityError
from model.external_data import PARTS, check_self_contained
from tests import fakes

PATHS = ["/etc/passwd", "../../secret", "weights.bin", "*/_ORT_MEM_ADDR_/*"]


def external(location="../secret"):
    """A tensor whose data is in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    tensor.external_data.add(key="length", value="8")
    return tensor


def sparse(tensor):
    found = onnx.SparseTensorProto(dims=[2])
    found.values.CopyFrom(tensor)
    return found


def graph_with(tensor):
    return helper.make_graph([], "inner", [], [], [tensor])


def attribute(**fields):
    made = onnx.AttributeProto(name="value")
    for name, value in fields.items():
        if isinstance(value, list):
            getattr(made, name).extend(value)
        else:
            getattr(made, name).CopyFrom(value)
    return made


def in_node(model, made):
    model.graph.node.add(op_type="Constant", output=["x"]).attribute.append(made)


def in_sparse_indices(model, tensor):
    made = sparse(numpy_helper.from_array(fakes.np.zeros(2, "float32")))
    made.indices.CopyFrom(tensor)
    model.graph.sparse_initializer.append(made)


def in_function(model, tensor):
    function = model.functions.add(name="f")
    function.node.add(op_type="Constant", output=["x"]).attribute.append(attribute(t=tensor))


PLACES = {
    "initializer": lambda m, t: m.graph.initializer.append(t),
    "sparse values": lambda m, t: m.graph.sparse_initializer.append(sparse(t)),
    "sparse indices": in_sparse_indices,
    "attribute": lambda m, t: in_node(m, attribute(t=t)),
    "attributes": lambda m, t: in_node(m, attribute(tensors=[t])),
    "sparse attribute": lambda m, t: in_node(m, attribute(sparse_tensor=sparse(t))),
    "sparse attributes": lambda m, t: in_node(m, attribute(sparse_tensors=[sparse(t)])),
    "subgraph": lambda m, t: in_node(m, attribute(g=graph_with(t))),
    "subgraphs": lambda m, t: in_node(m, attribute(graphs=[graph_with(t)])),
    "function": in_function,
    "function's default": lambda m, t: m.functions.add(name="f").attribute_proto.append(
        attribute(t=t)
    ),
    "initialization": lambda m, t: m.training_info.add().initialization.initializer.append(t),
    "algorithm": lambda m, t: m.training_info.add().algorithm.initializer.append(t),
}


def with_tensor(place, tensor):
    model = onnx.load_from_string(fakes.encoder_graph())
    PLACES[place](model, tensor)
    return model.SerializeToString()


@pytest.mark.parametrize("place", PLACES)
def test_a_tensor_in_another_file_is_found_wherever_it_is(place):
    with pytest.raises(IntegrityError, match=r"another file \('\.\./secret'\)"):
        check_self_contained(with_tensor(place, external()))


@pytest.mark.parametrize("place", PLACES)
def test_a_tensor_inside_is_none(place):
    inside = numpy_helper.from_array(fakes.np.arange(2, dtype="float32"), "w")
    inside.data_location = TensorProto.DEFAULT  # written, though it says nothing
    check_self_contained(with_tensor(place, inside))


def test_a_location_without_a_path_is_refused_too():
    tensor = external()
    del tensor.external_data[:]
    with pytest.raises(IntegrityError, match="another file, which"):
        check_self_contained(with_tensor("initializer", tensor))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("place", ["initializer", "subgraph"])
def test_a_bundle_whose_graph_names_another_file_is_not_opened(tmp_path, place, path):
    graph = with_tensor(place, external(path))
    folder = fakes.make_bundle(tmp_path)
    (folder / "encoder.onnx").write_bytes(graph)
    manifest = fakes.make_manifest(graph, golden=(0.5,) * fakes.DIM)
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    (folder / "weights.bin").write_bytes(bytes(8))
    with pytest.raises(IntegrityError, match=r"encoder\.onnx: the graph keeps a tensor") as caught:
        open_bundle(folder)
    assert path in str(caught.value)


def test_a_bundle_whose_graph_names_another_file_is_not_written(tmp_path):
    graph = with_tensor("attribute", external())
    manifest = fakes.make_manifest(graph, golden=(0.5,) * fakes.DIM)
    assert manifest.onnx.sha256 == sha256(graph)
    with pytest.raises(IntegrityError, match="another file"):
        write_bundle(tmp_path / "tiny", manifest, graph)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "graph", [b"\x00", b"\x3a", b"\x3a\x05ab", b"\xff" * 12, b"garbage", b"\x3b\x3c", b"\x3f"]
)
def test_what_is_no_graph_is_refused(graph):
    with pytest.raises(IntegrityError, match="not an ONNX graph"):
        check_self_contained(graph)


def test_the_runtimes_own_format_is_refused():
    with pytest.raises(IntegrityError, match="only ONNX"):
        check_self_contained(b"\x08\x09\x12\x04ORTM")  # is an ONNX graph besides


def test_a_field_whose_number_overflows_is_refused():
    """One that a reader of 32 bits takes for an initializer's location."""
    tag = (14 << 3) | (1 << 32)
    overlong = bytes([(tag >> shift & 0x7F) | 0x80 for shift in (0, 7, 14, 21)] + [tag >> 28])
    tensor = overlong + b"\x01"
    graph = b"\x2a" + bytes([len(tensor)]) + tensor
    with pytest.raises(IntegrityError, match="not an ONNX graph"):
        check_self_contained(b"\x3a" + bytes([len(graph)]) + graph)


def test_a_graph_of_too_many_fields_is_refused(monkeypatch):
    monkeypatch.setattr(external_data, "MAX_FIELDS", 100)
    with pytest.raises(IntegrityError, match="more than 100 fields"):
        check_self_contained(b"\x08\x09" * 101)


def test_ten_thousand_nested_graphs_are_walked():
    tensor = external().SerializeToString()
    graph = onnx.GraphProto(initializer=[external()]).SerializeToString()
    for _ in range(10_000):  # each within an attribute of a node of the next
        for number in (6, 5, 1):
            graph = bytes([number << 3 | 2]) + google_length(len(graph)) + graph
    assert tensor in graph
    with pytest.raises(IntegrityError, match="another file"):
        check_self_contained(b"\x3a" + google_length(len(graph)) + graph)


def google_length(size):
    found = []
    while size > 0x7F:
        found.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*found, size])


def test_every_field_that_leads_to_a_tensor_is_followed():
    """By the schema of the installed onnx, whose new fields would show here."""
    reaches, kinds = {"TensorProto"}, {}

    def fields_of(descriptor):
        if descriptor.name not in kinds:
            kinds[descriptor.name] = found = {}
            for field in descriptor.fields:
                if field.message_type is not None:
                    found[field.number] = field.message_type.name
                    fields_of(field.message_type)

    fields_of(onnx.ModelProto.DESCRIPTOR)
    while new := {name for name, parts in kinds.items() if reaches & set(parts.values())} - reaches:
        reaches |= new
    expected = {
        name: {number: kind for number, kind in kinds[name].items() if kind in reaches}
        for name in reaches - {"TensorProto"}
    }
    assert expected == PARTS
    fields = TensorProto.DESCRIPTOR.fields_by_name
    assert fields["external_data"].number == external_data.EXTERNAL_DATA
    assert fields["data_location"].number == external_data.DATA_LOCATION


def has_external(message):
    """Whether onnx itself finds a tensor elsewhere, by its own reader."""
    if isinstance(message, TensorProto):
        return bool(message.external_data) or message.data_location == TensorProto.EXTERNAL
    found = False
    for field, value in message.ListFields():
        if field.message_type is not None:
            each = value if not hasattr(value, "ListFields") else [value]
            found = found or any(has_external(part) for part in each)
    return found


ONE_OF_EACH = [with_tensor(place, external("x")) for place in PLACES]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_nothing_that_onnx_reads_as_elsewhere_gets_through(data):
    """Graphs with a few bytes changed, put in and left out, against onnx's own reader."""
    graph = bytearray(data.draw(st.sampled_from(ONE_OF_EACH)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(graph) - 1))
        graph[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        model = onnx.ModelProto.FromString(bytes(graph))
    except google.protobuf.message.DecodeError:
        return
    if has_external(model):
        with pytest.raises(IntegrityError):
            check_self_contained(bytes(graph))
