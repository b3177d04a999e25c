"""Locators for the tests: a real graph that finds marks of two colours, and pictures with marks.

A mark is a turned square, whose left half is red and right half green: the centroid of its pixels
is its centre, and from the centroid of the red ones to that of the green ones it is half a side. A
second kind of mark has blue in addition. Anything else scores at most 0.4.
"""

import io
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from PIL import Image

from model.bundle import open_bundle, sha256, write_bundle
from model.golden import golden_candidates, golden_picture
from model.locating.squares import Located
from model.schema.locator import GoldenCandidates, LocatorOrigin, LocatorSpec
from tests import fakes

TEMPLATE = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
SIDES = (64, 128)
THRESHOLD = 0.5
_ENOUGH = 64.0
"""Pixels of a mark whose score is 1."""


def _sum(name, mask, *factors):
    """Nodes of the sum over height and width of a mask, times factors: (n, 1)."""
    nodes, last = [], mask
    for i, factor in enumerate(factors):
        nodes.append(helper.make_node("Mul", [last, factor], [f"{name}_{i}"]))
        last = f"{name}_{i}"
    return [*nodes, helper.make_node("ReduceSum", [last, "plane"], [name], keepdims=0)]


def _between(name, channel, low, high):
    """Nodes of the mask of a channel's values between two constants."""
    return [
        helper.make_node("Greater", [channel, low], [f"{name}_low"]),
        helper.make_node("Less", [channel, high], [f"{name}_high"]),
        helper.make_node("And", [f"{name}_low", f"{name}_high"], [name]),
    ]


def _mask(name, red, green, blue):
    """Nodes of the mask, float (n, h, w, 1), of pixels whose channels are `high` or `low`."""
    ends = {"high": ("160", "256"), "low": ("-1", "96")}
    nodes = [
        node
        for channel, kind in (("red", red), ("green", green), ("blue", blue))
        for node in _between(f"{name}_{channel}", channel, *ends[kind])
    ]
    return [
        *nodes,
        helper.make_node("And", [f"{name}_red", f"{name}_green"], [f"{name}_rg"]),
        helper.make_node("And", [f"{name}_rg", f"{name}_blue"], [f"{name}_rgb"]),
        helper.make_node("Cast", [f"{name}_rgb"], [name], to=TensorProto.FLOAT),
    ]


def _centroid(name):
    """Nodes of a mask's mass and centroid: `name`_n, `name`_x, `name`_y, each (n, 1)."""
    return [
        *_sum(f"{name}_n", name),
        helper.make_node("Max", [f"{name}_n", "1"], [f"{name}_some"]),
        *_sum(f"{name}_sx", name, "xs"),
        *_sum(f"{name}_sy", name, "ys"),
        helper.make_node("Div", [f"{name}_sx", f"{name}_some"], [f"{name}_x"]),
        helper.make_node("Div", [f"{name}_sy", f"{name}_some"], [f"{name}_y"]),
    ]


def _mark(name, blue):
    """Nodes of the candidate of one kind of mark, (n, 1, 5)."""
    left, right = f"{name}_left", f"{name}_right"
    nodes = [
        *_mask(left, "high", "low", blue),
        *_mask(right, "low", "high", blue),
        *_centroid(left),
        *_centroid(right),
        helper.make_node("Min", [f"{left}_n", f"{right}_n"], [f"{name}_mass"]),
        helper.make_node("Div", [f"{name}_mass", "enough"], [f"{name}_share"]),
        helper.make_node("Min", [f"{name}_share", "1"], [f"{name}_score"]),
    ]
    for axis, vector in (("x", "u"), ("y", "v")):
        one, other = f"{left}_{axis}", f"{right}_{axis}"
        nodes += [
            helper.make_node("Add", [one, other], [f"{name}_twice_{axis}"]),
            helper.make_node("Mul", [f"{name}_twice_{axis}", "half"], [f"{name}_{axis}"]),
            helper.make_node("Sub", [other, one], [f"{name}_{vector}"]),
        ]
    columns = [f"{name}_{column}" for column in ("score", "x", "y", "u", "v")]
    return [
        *nodes,
        helper.make_node("Concat", columns, [f"{name}_row"], axis=1),
        helper.make_node("Unsqueeze", [f"{name}_row", "rows"], [name]),
    ]


def locator_graph(*, weak: float = 0.4, k: int = 8, sides=("h", "w")) -> bytes:
    """The graph: candidates of both kinds of marks, of bright pixels with the score `weak`, and 0.

    The third finds the golden picture's ellipse, so that the self-check has something to compare.
    """
    constants = {
        "plane": np.array([1, 2], dtype=np.int64),
        "rows": np.array([1], dtype=np.int64),
        "width": np.array(2, dtype=np.int64),
        "height": np.array(1, dtype=np.int64),
        "pads": np.array([0, 0, 0, 0, k - 3, 0], dtype=np.int64),
        "0": np.float32(0),
        "1": np.float32(1),
        "half": np.float32(0.5),
        "enough": np.float32(_ENOUGH),
        "weak": np.float32(weak / _ENOUGH),
        **{number: np.float32(number) for number in ("-1", "96", "160", "256")},
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Split", ["float"], ["red", "green", "blue"], axis=3),
        helper.make_node("Mul", ["red", "0"], ["zeros"]),
        helper.make_node("Add", ["zeros", "1"], ["ones"]),
        helper.make_node("CumSum", ["ones", "width"], ["columns"]),
        helper.make_node("CumSum", ["ones", "height"], ["lines"]),
        helper.make_node("Sub", ["columns", "half"], ["xs"]),
        helper.make_node("Sub", ["lines", "half"], ["ys"]),
        *_mark("first", "low"),
        *_mark("second", "high"),
        *_mask("bright", "high", "high", "high"),
        *_centroid("bright"),
        helper.make_node("Min", ["bright_n", "enough"], ["bright_some_n"]),
        helper.make_node("Mul", ["bright_some_n", "weak"], ["bright_score"]),
        helper.make_node("Sqrt", ["bright_n"], ["bright_u"]),
        helper.make_node("Mul", ["bright_n", "0"], ["bright_v"]),
        helper.make_node(
            "Concat",
            [f"bright_{column}" for column in ("score", "x", "y", "u", "v")],
            ["bright_row"],
            axis=1,
        ),
        helper.make_node("Unsqueeze", ["bright_row", "rows"], ["third"]),
        helper.make_node("Concat", ["first", "second", "third"], ["found"], axis=1),
        helper.make_node("Pad", ["found", "pads"], ["candidates"]),
    ]
    graph = helper.make_graph(
        nodes,
        "marks",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", *sides, 3])],
        [helper.make_tensor_value_info("candidates", TensorProto.FLOAT, ["n", k, 5])],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    opset = [helper.make_opsetid("", fakes.OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def run_reference(graph: bytes, pictures: np.ndarray) -> np.ndarray:
    """What the graph computes by the definition of its operators, without ONNX Runtime."""
    evaluator = ReferenceEvaluator(onnx.load_from_string(graph))
    return evaluator.run(None, {"image": pictures})[0]


def make_spec(graph: bytes, **changes) -> LocatorSpec:
    """A valid part of a manifest for a graph; `golden` is computed by the reference."""
    found = golden_candidates(run_reference(graph, golden_picture()[np.newaxis]))
    fields = {
        "sha256": sha256(graph),
        "bytes": len(graph),
        "opset": fakes.OPSET,
        "sides": SIDES,
        "threshold": THRESHOLD,
        "template": TEMPLATE,
        "golden": GoldenCandidates(candidates=tuple(map(tuple, found)), tolerance=1e-3),
        "origin": LocatorOrigin(
            data="marks",
            data_sha256="0" * 64,
            config="none",
            config_json="{}",
            seed=0,
            taught_by="their colours",
            command="tests/locators.py",
            git_revision="none",
            trained_at="2026-01-01T00:00:00Z",
            parameters=0,
            libraries={},
            measured={},
        ),
    }
    return LocatorSpec(**(fields | changes))


def with_locator(bundle: Path, **changes) -> Path:
    """Give a written bundle a locator; `changes` go to `make_spec`."""
    graph = changes.pop("graph", None) or locator_graph()
    opened = open_bundle(bundle)
    manifest = opened.manifest.model_copy(update={"locator": make_spec(graph, **changes)})
    write_bundle(bundle, manifest, opened.onnx, locator=graph)
    return bundle


def mark(x: float, y: float, half_side: float, degrees: float = 0) -> Located:
    """A square by its centre, half side and clockwise turn."""
    turn = np.radians(degrees)
    return Located(None, x, y, half_side * np.cos(turn), half_side * np.sin(turn))


def picture(
    size: tuple[int, int], *marks: Located, seed: int = 0, identity: int | None = None
) -> Image.Image:
    """A grey picture of faint noise with marks, of which every second one has blue.

    An identity gives marks a smooth pattern, in the range of their colours.
    """
    width, height = size
    noise = np.random.default_rng(seed).integers(118, 138, (height, width, 1))
    pixels = np.repeat(noise, 3, axis=2).astype(np.uint8)
    y, x = np.mgrid[:height, :width] + 0.5
    for i, each in enumerate(marks):
        along = ((x - each.x) * each.u + (y - each.y) * each.v) / each.half_side**2
        across = ((y - each.y) * each.u - (x - each.x) * each.v) / each.half_side**2
        inside = (abs(along) <= 1) & (abs(across) <= 1)
        blue = 255 * (i % 2)
        high, low = _levels(identity, along, across)
        levels = np.stack([high, low, np.full_like(low, blue)], axis=-1)
        is_right = along >= 0
        levels[is_right] = levels[is_right][:, [1, 0, 2]]
        pixels[inside] = levels[inside]
    return Image.fromarray(pixels)


def _levels(identity, along, across):
    """Values of the strong and of the weak channel, by the place in the mark."""
    if identity is None:
        return np.full(along.shape, 255, np.uint8), np.zeros(along.shape, np.uint8)
    own = np.random.default_rng([5, identity])
    waves, phases = own.uniform(2, 6, (3, 2)), own.uniform(0, 2 * np.pi, 3)
    smooth = sum(
        np.sin(a * along + b * across + p) for (a, b), p in zip(waves, phases, strict=True)
    )
    return (215 + 12 * smooth).astype(np.uint8), (40 + 12 * smooth).astype(np.uint8)


def file_of(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    """An image file's bytes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
