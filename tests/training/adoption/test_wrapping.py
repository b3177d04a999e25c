import itertools

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from model.manifest import Kind
from tests.training.adoption import graphs
from training.adoption.declaration import Declaration
from training.adoption.foreign_graph import open_graph
from training.adoption.wrapping import Answer, Pool, image_size, wrap
from training.errors import AdoptionError

MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 8.0)
DECLARED = Declaration(mean=MEAN, std=STD)
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 6, 8, 3), dtype=np.uint8)


def run(graph, *images):
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    return session.run(None, dict(zip(names, images, strict=True)))[0]


@pytest.mark.parametrize(
    ("layout", "opset", "batch", "dtype"),
    [
        ("nchw", 18, "n", graphs.FLOAT),
        ("nhwc", 18, "n", graphs.FLOAT),
        ("nchw", 11, 1, graphs.FLOAT),
        ("nhwc", 13, 1, graphs.FLOAT),
        ("nchw", 18, "n", graphs.HALF),
    ],
)
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_the_network_gets_what_is_declared(layout, opset, batch, dtype, order):
    raw = graphs.channel_means(layout, dtype, opset, batch)
    wrapped = wrap(open_graph(raw), Declaration(mean=MEAN, std=STD, order=order), Answer())
    channels = PIXELS.astype(np.float64).mean(axis=(1, 2))
    expected = (channels if order == "rgb" else channels[:, ::-1]) - MEAN
    answer = run(wrapped, PIXELS)
    assert answer.dtype == np.float32
    tolerance = 1e-4 if dtype == graphs.FLOAT else 0.3
    assert np.abs(answer - expected / STD).max() < tolerance
    alone = np.concatenate([run(wrapped, image[np.newaxis]) for image in PIXELS])
    assert np.abs(alone - answer).max() < 1e-3


def test_embeddings_can_get_unit_length():
    wrapped = wrap(open_graph(graphs.channel_means()), DECLARED, Answer(normalise=True))
    assert np.allclose(np.linalg.norm(run(wrapped, PIXELS), axis=1), 1, atol=1e-6)


def test_one_mean_stands_for_all_channels():
    declared = Declaration(mean=(5,), std=(2,))
    answer = run(wrap(open_graph(graphs.channel_means()), declared, Answer()), PIXELS)
    assert np.allclose(answer, (PIXELS.mean(axis=(1, 2)) - 5) / 2, atol=1e-4)


@pytest.mark.parametrize(
    ("pool", "token"), [("first", lambda x: x[:, 0]), ("mean", lambda x: x.mean(axis=1))]
)
def test_tokens_are_pooled_only_where_it_is_said(pool, token):
    graph = open_graph(graphs.tokens())
    declared = Declaration(mean=(0,), std=(1,))
    pixels = PIXELS[:, :5, :4, :1]
    answer = run(wrap(graph, declared, Answer(pool=Pool(pool))), pixels)
    assert np.allclose(answer, token(pixels[..., 0].astype(np.float32)), atol=1e-4)
    with pytest.raises(AdoptionError, match="--pool"):
        wrap(graph, declared, Answer())


def test_signs_are_packed_as_numpy_does():
    raw = graphs.projection(24, side=4)
    declared = Declaration(mean=(127.5,), std=(127.5,))
    pixels = PIXELS[:, :4, :4, :1]
    graph = open_graph(raw)
    activations = run(wrap(graph, declared, Answer()), pixels)
    codes = run(wrap(graph, declared, Answer(kind=Kind.CODES)), pixels)
    assert codes.dtype == np.uint8
    assert np.array_equal(codes, np.packbits(activations > 0, axis=1))


@pytest.mark.parametrize("higher_is_same", [True, False])
def test_a_network_of_pairs_answers_energies(higher_is_same):
    answer = Answer(kind=Kind.PAIR, higher_is_same=higher_is_same)
    wrapped = wrap(open_graph(graphs.similarity(side=4)), Declaration(mean=(0,), std=(1,)), answer)
    one, other = PIXELS[:, :4, :4, :1], PIXELS[::-1, :4, :4, :1]
    squared = np.square(one.astype(np.float64) - other).mean(axis=(1, 2, 3))
    energies = run(wrapped, one, other)
    assert energies.shape == (5,)
    assert np.allclose(energies, squared if higher_is_same else -squared, rtol=1e-5)


def test_subnormal_weights_become_zero_and_are_counted():
    weight = np.full((3, 3), 1e-41, dtype=np.float32)
    weight[0, 0] = 1
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["m"], keepdims=0),
        helper.make_node("MatMul", ["m", "w"], ["y"]),
    ]
    raw = graphs.model(
        nodes,
        [("x", graphs.FLOAT, ["n", 3, 6, 8])],
        [("y", graphs.FLOAT, ["n", 3])],
        {"axes": np.array([2, 3]), "w": weight},
    )
    assert open_graph(raw).subnormals == 8


def test_the_size_is_the_graphs_or_the_declared_one():
    free = open_graph(graphs.channel_means(side=("h", "w")))
    declared = DECLARED.model_copy(update={"height": 6, "width": 8})
    assert image_size(free, declared) == (6, 8)
    assert run(wrap(free, declared, Answer()), PIXELS).shape == (5, 3)
    with pytest.raises(AdoptionError, match="--size"):
        image_size(free, DECLARED)
    with pytest.raises(AdoptionError, match="height is 6, and 9 is declared"):
        image_size(open_graph(graphs.channel_means()), DECLARED.model_copy(update={"height": 9}))


def identity(shape, dtype=graphs.FLOAT, outputs=1):
    names = [f"y{i}" for i in range(outputs)]
    nodes = [helper.make_node("Identity", ["x"], [name]) for name in names]
    return graphs.model(nodes, [("x", dtype, shape)], [(name, dtype, shape) for name in names])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not a valid ONNX graph|not an ONNX graph"),
        (b"PK\x03\x04 nothing of the kind", "not an ONNX graph|not a valid ONNX graph"),
        (identity(["n", 12]), "2 axes"),
        (identity(["n", 7, 8, 9]), "channels"),
        (identity(["n", 3, 8, 3]), "channels"),
        (identity(["n", 3, 8, 9], TensorProto.INT64), "float or uint8"),
        (identity(["n", 3, 8, 9], outputs=2), "--output"),
        (
            graphs.model(
                [helper.make_node("Own", ["x"], ["y"], domain="com.example")],
                [("x", graphs.FLOAT, ["n", 3, 8, 9])],
                [("y", graphs.FLOAT, ["n", 3])],
            ),
            "com.example",
        ),
    ],
    ids=["empty", "no graph", "rank", "no channels", "both ends", "type", "outputs", "operators"],
)
def test_what_cannot_be_wrapped_is_refused_with_the_reason(raw, message):
    with pytest.raises(AdoptionError, match=message):
        open_graph(raw)


def test_an_unknown_output_is_refused_with_those_there_are():
    raw = identity(["n", 3, 8, 9], outputs=2)
    assert open_graph(raw, "y1").output.name == "y1"
    with pytest.raises(AdoptionError, match="y0, y1"):
        open_graph(raw, "z")


@pytest.mark.parametrize(
    ("raw", "declared", "answer", "message"),
    [
        (graphs.channel_means(), Declaration(), Answer(), "--mean and --std"),
        (graphs.channel_means(), Declaration(mean=(1, 2), std=(1, 2)), Answer(), "3 channel"),
        (identity(["n", 4, 4, 3], graphs.BYTES), DECLARED, Answer(), "do not apply"),
        (identity(["n", 4, 4, 3], graphs.BYTES), Declaration(), Answer(), "--kind codes"),
        (graphs.similarity(), Declaration(mean=(1,), std=(1,)), Answer(), "not of kind encoder"),
    ],
    ids=["nothing declared", "means", "uint8 declared", "bytes", "pair"],
)
def test_a_declaration_that_does_not_fit_is_refused(raw, declared, answer, message):
    with pytest.raises(AdoptionError, match=message):
        wrap(open_graph(raw), declared, answer)


def test_the_usual_mistakes_are_others_than_the_declaration():
    declared = Declaration(mean=(127.5,) * 3, std=(127.5,) * 3)
    found = declared.variants()
    assert sorted(found) == ["channels as BGR", "pixels / 255"]
    assert Declaration().variants() == {}
    for one, other in itertools.pairwise([declared, *found.values()]):
        assert not one.computes_as(other)


@pytest.mark.parametrize(
    ("raw", "answer", "message"),
    [
        (graphs.projection(20), Answer(kind=Kind.CODES), "20 numbers; a code has a multiple of 8"),
        (graphs.projection(8), Answer(bit_threshold=0.5), "--bit-threshold is of --kind codes"),
        (graphs.projection(8), Answer(higher_is_same=True), "--higher-is-same is of"),
        (graphs.similarity(), Answer(kind=Kind.PAIR, normalise=True), "no embedding"),
        (graphs.projection(8), Answer(kind=Kind.PAIR), "1 input.* not of kind pair"),
    ],
    ids=["bits", "threshold", "direction", "unit length", "one input"],
)
def test_an_answer_that_does_not_fit_is_refused(raw, answer, message):
    with pytest.raises(AdoptionError, match=message):
        wrap(open_graph(raw), Declaration(mean=(0,), std=(1,)), answer)


def test_bits_are_those_above_the_stated_threshold():
    declared = Declaration(mean=(127.5,), std=(127.5,))
    pixels = PIXELS[:, :4, :4, :1]
    graph = open_graph(graphs.projection(16, side=4))
    activations = run(wrap(graph, declared, Answer()), pixels)
    codes = run(wrap(graph, declared, Answer(kind=Kind.CODES, bit_threshold=0.5)), pixels)
    assert np.array_equal(codes, np.packbits(activations > 0.5, axis=1))
