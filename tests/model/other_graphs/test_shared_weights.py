import numpy as np
import onnx
import pytest

from model.errors import IntegrityError
from model.external_data import check_self_contained
from model.golden import golden_image
from model.other_graphs.shared_weights import with_weights
from tests import fakes, graphs
from tests.graphs import MAIN


@pytest.fixture(scope="module")
def main():
    return fakes.encoder_graph()


@pytest.fixture(scope="module")
def other(main):
    return graphs.rounded(main)


def test_a_graph_with_its_weights_put_back_is_the_graph(main, other):
    small = graphs.shared(other, main)
    whole = with_weights(small, MAIN, main)
    check_self_contained(whole)
    assert len(small) < len(other) / 3
    assert onnx.load_from_string(whole) == onnx.load_from_string(other)
    image = golden_image(fakes.SPEC)[np.newaxis]
    assert (fakes.run_reference(whole, image) == fakes.run_reference(other, image)).all()


def test_a_graph_that_shares_nothing_stays_as_it_is(main, other):
    assert with_weights(other, MAIN, main) == other


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"file": "../encoder.onnx"}, "may not lie in"),
        ({"file": "/etc/passwd"}, "may not lie in"),
        ({"checksum": "0"}, "may not lie in"),
        ({"offset": 10**9}, "beyond the end"),
        ({"length": 10**9}, "beyond the end"),
        ({"offset": -1}, "no place"),
        ({"offset": "1e3"}, "no place"),
        ({"length": ""}, "no place"),
    ],
    ids=str,
)
def test_a_tensor_anywhere_else_is_refused(main, other, place, reason):
    with pytest.raises(IntegrityError, match=reason):
        with_weights(graphs.shared(other, main, **place), MAIN, main)


def test_the_weights_are_not_taken_many_times(main, other):
    """A small file could otherwise ask for any amount of memory."""
    model = onnx.load_from_string(graphs.shared(other, main))
    [tensor] = [each for each in model.graph.initializer if each.external_data]
    for number in range(3):
        copy = model.graph.initializer.add()
        copy.CopyFrom(tensor)
        copy.name = f"copy{number}"
    with pytest.raises(IntegrityError, match="beyond the end"):
        with_weights(model.SerializeToString(), MAIN, main)


def test_a_tensor_that_is_no_initialiser_stays_outside_and_is_refused(main, other):
    model = onnx.load_from_string(other)
    constant = onnx.helper.make_node("Constant", [], ["unused"], value=model.graph.initializer[0])
    constant.attribute[0].t.data_location = onnx.TensorProto.EXTERNAL
    constant.attribute[0].t.external_data.add(key="location", value=MAIN)
    model.graph.node.append(constant)
    with pytest.raises(IntegrityError, match="keeps a tensor in another file"):
        check_self_contained(with_weights(model.SerializeToString(), MAIN, main))


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_damaged_graph_is_refused(main, other, cut):
    with pytest.raises(IntegrityError):
        check_self_contained(with_weights(graphs.shared(other, main)[:-cut], MAIN, main))
