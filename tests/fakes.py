"""Fakes and factories for the tests: small, real bundles made on the fly, and images by formula."""

import io
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from PIL import Image

from app.batching.byte_budget import ByteBudget
from app.batching.decoding_memory import DecodingMemory
from app.catalog.catalog import Catalog, ServedModel
from app.settings import Settings
from app.worker.service import Service, job_pool
from model.bundle import sha256, write_bundle
from model.golden import golden_image, golden_pairs
from model.manifest import (
    TEMPLATE_RULES,
    Accuracy,
    Adoption,
    Aspect,
    Calibration,
    Card,
    Curve,
    ErrorRates,
    GalleryRates,
    Golden,
    Histogram,
    Identification,
    IdentificationPoint,
    IdentificationRates,
    InputSpec,
    Kind,
    LikelihoodRatio,
    LineUncertainty,
    Manifest,
    Metric,
    OnnxFile,
    OperatingPoint,
    Provenance,
    SampleSize,
    Templates,
    TemplateSize,
)

OPSET = 17
SPEC = InputSpec(width=24, height=32, channels=1, aspect=Aspect.STRETCH)
DIM = 8
POOL = 4
THRESHOLDS = {0.1: 0.5, 0.05: 0.4, 0.01: 0.3, 0.001: 0.2}
"""Target FMR to threshold, in the units of the L2 encoder's energies."""
SUPPORTED = (0.1, 0.05, 0.01)
TEMPLATE_SIZES = {(1, 2): 0.8, (2, 2): 0.6}
"""Sizes of templates to the share of a single image's thresholds that theirs are."""
BITS_OF = 60.0
"""How many times larger a threshold of `tiny` codes is: their energies count bits."""


def image_of(identity: int, take: int = 0, size: tuple[int, int] = (92, 112)) -> Image.Image:
    """A smooth pattern that depends on the identity; another take of it is a little brighter."""
    rng = np.random.default_rng(identity)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    phases = rng.uniform(0, 2 * np.pi, 4)
    waves = rng.uniform(2, 9, (4, 2))
    pattern = sum(np.sin(a * x + b * y + p) for (a, b), p in zip(waves, phases, strict=True))
    pixels = 128 + 28 * np.asarray(pattern) + 4 * take
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    """An image file's bytes."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def photo(identity: int, take: int = 0, file_format: str = "PNG") -> bytes:
    """The bytes of `image_of`."""
    return encoded(image_of(identity, take), file_format)


def encoder_graph(
    spec: InputSpec = SPEC,
    dim: int = DIM,
    kind: Kind = Kind.ENCODER,
    *,
    seed: int = 0,
    centre: float = 127.5,
) -> bytes:
    """A small real graph: uint8 (N, H, W, C) → scale → pool → linear → unit length, or → bits.

    An image that is all `centre` has length 0, and so no direction: 0 / 0, as in careless exports.
    """
    features = spec.channels * (spec.height // POOL) * (spec.width // POOL)
    outputs = dim * 8 if kind is Kind.CODES else dim
    weights = np.random.default_rng(seed).standard_normal((features, outputs)) / np.sqrt(features)
    constants = {
        "centre": np.float32(centre),
        "half": np.float32(127.5),
        "weights": weights.astype(np.float32),
        "flat": np.array([0, -1], dtype=np.int64),
        "grouped": np.array([0, dim, 8], dtype=np.int64),
        "places": np.array([128, 64, 32, 16, 8, 4, 2, 1], dtype=np.float32),
        "last": np.array([2], dtype=np.int64),
        "zero": np.float32(0),
    }
    nodes = [
        helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["float", "centre"], ["centred"]),
        helper.make_node("Div", ["centred", "half"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool", ["nchw"], ["pooled"], kernel_shape=[POOL, POOL], strides=[POOL, POOL]
        ),
        helper.make_node("Reshape", ["pooled", "flat"], ["features"]),
        helper.make_node("MatMul", ["features", "weights"], ["linear"]),
        *_last_nodes(kind),
    ]
    used = {name for node in nodes for name in node.input}
    output_type = TensorProto.UINT8 if kind is Kind.CODES else TensorProto.FLOAT
    shape = ["batch", spec.height, spec.width, spec.channels]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("embeddings", output_type, ["batch", dim])],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items() if n in used],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def _last_nodes(kind: Kind):
    if kind is Kind.CODES:
        return [
            helper.make_node("Greater", ["linear", "zero"], ["signs"]),
            helper.make_node("Cast", ["signs"], ["ones"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["ones", "grouped"], ["octets"]),
            helper.make_node("Mul", ["octets", "places"], ["weighted"]),
            helper.make_node("ReduceSum", ["weighted", "last"], ["numbers"], keepdims=0),
            helper.make_node("Cast", ["numbers"], ["embeddings"], to=TensorProto.UINT8),
        ]
    return [
        helper.make_node("ReduceL2", ["linear"], ["length"], axes=[1], keepdims=1),
        helper.make_node("Div", ["linear", "length"], ["embeddings"]),
    ]


def run_reference(graph: bytes, images: np.ndarray) -> np.ndarray:
    """What the graph computes by the definition of its operators, without ONNX Runtime."""
    evaluator = ReferenceEvaluator(onnx.load_from_string(graph))
    return evaluator.run(None, {"images": images})[0]


def rates(fmr: float, fnmr: float) -> ErrorRates:
    """Error rates with plausible intervals."""
    return ErrorRates(
        fmr=fmr,
        fmr_interval=(fmr * 0.6, min(1.0, fmr * 1.5 + 0.001)),
        fnmr=fnmr,
        fnmr_interval=(fnmr * 0.7, min(1.0, fnmr * 1.3 + 0.001)),
    )


def operating_point(target: float | None, threshold: float) -> OperatingPoint:
    """An operating point that is supported where its target is in `SUPPORTED`."""
    fmr = 0.03 if target is None else target
    return OperatingPoint(
        target_fmr=target,
        threshold=threshold,
        independent_impostors=600,
        supported=target is None or target in SUPPORTED,
        calibration=rates(fmr, 0.05),
        test=rates(fmr * 1.1, 0.06),
    )


def make_figures(
    unit: float = 1.0, default: int = 2, version: int = 2
) -> tuple[Calibration, Accuracy]:
    """Figures for energies that are `unit` times those of the L2 encoder."""
    points = [operating_point(target, at * unit) for target, at in THRESHOLDS.items()]
    points.append(operating_point(None, 0.35 * unit))
    sample = SampleSize(identities=40, images=400, genuine_pairs=1800, impostor_pairs=78000)
    calibration = Calibration(
        sample=sample,
        operating_points=tuple(points),
        default=default,
        eer=0.04,
        likelihood_ratio=LikelihoodRatio(
            intercept=4.0,
            slope=-10.0 / unit,
            log10_min=-2.5,
            log10_max=2.5,
            uncertainty=None
            if version == 1
            else LineUncertainty(
                intercept=0.04, slope=0.25 / unit**2, covariance=-0.05 / unit, factor=2.0
            ),
        ),
        cllr=0.2,
        min_cllr=0.18,
        histogram=Histogram(
            edges=(0.0, 0.5 * unit, 2.0 * unit), genuine=(0.9, 0.1), impostor=(0.1, 0.9)
        ),
    )
    accuracy = Accuracy(
        protocol="formula images, no subject in two parts",
        sample=sample,
        eer=0.04,
        eer_threshold=0.35 * unit,
        cllr=0.21,
        min_cllr=0.19,
        curve=Curve(
            thresholds=(0.0, 0.3 * unit, 0.5 * unit, 2.0 * unit),
            rates=(rates(0.0, 1.0), rates(0.01, 0.08), rates(0.1, 0.02), rates(1.0, 0.0)),
        ),
    )
    return calibration, accuracy


def make_templates(metric: Metric = Metric.L2) -> Templates:
    """Figures of `TEMPLATE_SIZES`, whose energies are smaller than those of single images."""
    unit = BITS_OF if metric is Metric.HAMMING else 1.0
    return Templates(
        rule=TEMPLATE_RULES[metric],
        sizes=tuple(
            TemplateSize(images=size, calibration=calibration, accuracy=accuracy)
            for size, share in TEMPLATE_SIZES.items()
            for calibration, accuracy in [make_figures(unit * share)]
        ),
    )


def make_identification(unit: float = 1.0) -> Identification:
    """Rates of galleries of 1, 10 and 100: an FPIR of 10 % up to 100 and of 5 % up to 10."""

    def gallery(size: int, *shares: float) -> GalleryRates:
        ends = tuple((share * 0.5, min(1.0, share * 1.5)) for share in shares)
        return GalleryRates(gallery_size=size, fpir=shares, fpir_intervals=ends)

    def point(
        size: int, target: float, at: float, *, supported: bool = True
    ) -> IdentificationPoint:
        return IdentificationPoint(
            gallery_size=size,
            target_fpir=target,
            threshold=at * unit,
            independent_probes=100,
            supported=supported,
            test=IdentificationRates(
                fpir=target * 1.1,
                fpir_interval=(target * 0.8, target * 1.4),
                fnmr=0.3,
                fnmr_interval=(0.2, 0.4),
            ),
        )

    return Identification(
        people=120,
        points=(
            *(point(1, 0.1, 0.5), point(10, 0.1, 0.25), point(100, 0.1, 0.125)),
            *(point(10, 0.05, 0.2), point(100, 0.05, 0.1, supported=False)),
        ),
        galleries=(
            gallery(1, 0.0, 0.01, 0.1, 1.0),
            gallery(10, 0.0, 0.08, 0.5, 1.0),
            gallery(100, 0.0, 0.4, 0.9, 1.0),
        ),
    )


def make_manifest(  # noqa: PLR0913 (a test names the one field that it cares about)
    graph: bytes,
    *,
    name: str = "tiny",
    kind: Kind = Kind.ENCODER,
    metric: Metric = Metric.L2,
    spec: InputSpec = SPEC,
    dim: int = DIM,
    golden: Golden | tuple[float, ...] | None = None,
    default: int = 2,
    **changes,
) -> Manifest:
    """A whole, valid manifest for a graph; `golden` is computed by the reference where None."""
    unit = BITS_OF if kind is Kind.CODES else 1.0
    if golden is None:
        images = golden_image(spec)[np.newaxis]
        golden = tuple(float(v) for v in run_reference(graph, images).reshape(-1))
    calibration, accuracy = make_figures(unit, default, changes.get("schema_version", 2))
    fields = {
        "name": name,
        "version": "1.2.3",
        "kind": kind,
        "input": spec,
        "metric": metric,
        "embedding_dim": dim,
        "onnx": OnnxFile(file="encoder.onnx", sha256=sha256(graph), bytes=len(graph), opset=OPSET),
        "golden": golden
        if isinstance(golden, Golden)
        else Golden(embedding=golden, tolerance=1e-3),
        "calibration": calibration,
        "accuracy": accuracy,
        "provenance": Provenance(
            data="formula images",
            data_sha256="0" * 64,
            config="none",
            config_json="{}",
            seed=0,
            command="tests/fakes.py",
            git_revision="none",
            trained_at="2026-01-01T00:00:00Z",
            training_seconds=0.0,
            parameters=len(graph),
            train_identities=0,
            train_images=0,
            libraries={"onnx": onnx.__version__},
        ),
        "card": Card(
            summary="A seeded random projection.",
            intended_use="Tests.",
            not_for="Anything else.",
            data_licence="None needed.",
        ),
    }
    return Manifest(**(fields | changes))


def adopted(**changes):
    """Fields of a manifest whose encoder others trained, on nobody knows whom."""
    fields = {
        "file": "theirs.onnx",
        "sha256": "0" * 64,
        "declared": "uint8 pixels as they are",
        "declared_by": "command line",
        "licence": "Public domain.",
        "data": "formula images",
        "data_sha256": "0" * 64,
        "seed": 0,
        "command": "tests/fakes.py",
        "git_revision": "none",
        "adopted_at": "2026-01-01T00:00:00Z",
        "parameters": 1,
        "subnormals": 0,
        "libraries": {"onnx": onnx.__version__},
    }
    return {"provenance": None, "adoption": Adoption(**(fields | changes))}


def make_bundle(models_dir: Path, name: str = "tiny", kind: Kind = Kind.ENCODER, **choices) -> Path:
    """Write a small real bundle into a folder of bundles.

    `choices` go to `encoder_graph` (seed, centre) and `make_manifest` (all others).
    """
    for_graph = {key: choices.pop(key) for key in ("seed", "centre") if key in choices}
    spec, dim = choices.get("spec", SPEC), choices.get("dim", DIM)
    metric = choices.pop("metric", Metric.HAMMING if kind is Kind.CODES else Metric.L2)
    graph = choices.pop("graph", None) or encoder_graph(spec, dim, kind, **for_graph)
    manifest = make_manifest(graph, name=name, kind=kind, metric=metric, **choices)
    write_bundle(models_dir / name, manifest, graph)
    return models_dir / name


def endless_bundle(models_dir: Path, name: str = "tiny", *, from_mean: float = -1) -> Path:
    """Write a bundle that runs for ever on images with a mean above a number, by default on all."""
    plain = encoder_graph()
    golden = tuple(run_reference(plain, golden_image(SPEC)[np.newaxis]).reshape(-1).tolist())
    model = onnx.load_from_string(plain)
    model.graph.node[-1].output[0] = "plain"
    constants = {"from": np.float32(from_mean), "many": np.int64(2**62), "nought": np.float32(0)}
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()
    )
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["goes"]),
            helper.make_node("Sqrt", ["number"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("number", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("goes", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, []),
        ],
    )
    model.graph.node.extend(
        [
            helper.make_node("ReduceMean", ["float"], ["mean"], keepdims=0),
            helper.make_node("Greater", ["mean", "from"], ["is_endless"]),
            helper.make_node("Cast", ["is_endless"], ["one"], to=TensorProto.INT64),
            helper.make_node("Mul", ["one", "many"], ["turns"]),
            helper.make_node("Loop", ["turns", "", "mean"], ["last_number"], body=body),
            helper.make_node("Mul", ["last_number", "nought"], ["nothing"]),
            helper.make_node("Add", ["plain", "nothing"], ["embeddings"]),
        ]
    )
    return make_bundle(models_dir, name, graph=model.SerializeToString(), golden=golden)


def pair_graph(spec: InputSpec = SPEC, *, scale: float = 127.5, inputs=("images1", "images2")):
    """A small real graph of a pair model: the mean difference of two images' pixels, over `scale`.

    With a scale of 0 the energy of an image with itself is 0 / 0, which is not finite.
    """
    nodes = [
        helper.make_node("Cast", [inputs[0]], ["float1"], to=TensorProto.FLOAT),
        helper.make_node("Cast", [inputs[1]], ["float2"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["float1", "float2"], ["difference"]),
        helper.make_node("Abs", ["difference"], ["distance"]),
        helper.make_node("ReduceMean", ["distance"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Div", ["mean", "scale"], ["energies"]),
    ]
    shape = ["batch", spec.height, spec.width, spec.channels]
    graph = helper.make_graph(
        nodes,
        "tiny-pair",
        [helper.make_tensor_value_info(name, TensorProto.UINT8, shape) for name in inputs],
        [helper.make_tensor_value_info("energies", TensorProto.FLOAT, ["batch"])],
        [numpy_helper.from_array(np.asarray(np.float32(scale)), "scale")],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def pair_energy(images1: np.ndarray, images2: np.ndarray) -> np.ndarray:
    """What `pair_graph` computes, without a graph."""
    apart = np.abs(images1.astype(np.float64) - images2.astype(np.float64))
    return apart.mean(axis=(1, 2, 3)) / 127.5


def make_pair_bundle(models_dir: Path, name: str = "pair", **choices) -> Path:
    """Write a small real bundle of kind `pair`; `choices` go to `make_manifest`."""
    energies = tuple(pair_energy(*golden_pairs(SPEC)).tolist())
    golden = Golden(formula="ramp-1-pairs", embedding=energies, tolerance=1e-3)
    fields = {"metric": Metric.NONE, "dim": 1, "golden": golden, "graph": pair_graph()}
    return make_bundle(models_dir, name, Kind.PAIR, **(fields | choices))


@dataclass
class FakeEncoder:
    """An encoder that answers each image's first pixels, and can be made to wait or to fail."""

    dim: int = DIM
    provider: str = "CPU"
    error: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    calls: int = 0

    def __post_init__(self):
        self.gate.set()

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Wait for the gate, then fail or answer."""
        self.calls += 1
        self.entered.set()
        assert self.gate.wait(timeout=10)
        if self.error is not None:
            raise self.error
        return images.reshape(len(images), -1)[:, : self.dim].astype(np.float32)


def fake_service(settings: Settings, encoder: FakeEncoder, threads: int = 1) -> Service:
    """A service whose one model is run by a fake; call it on the event loop that will use it."""
    golden = golden_image(SPEC).reshape(-1)[:DIM].astype(float)
    manifest = make_manifest(b"no graph", name="fake", golden=tuple(golden.tolist()))
    catalog = Catalog("fake", {"fake": ServedModel(manifest, encoder)}, {})
    return Service(
        settings,
        catalog,
        job_pool(settings, threads, catalog),
        ByteBudget(settings.max_held_bytes or 256_000_000),
        DecodingMemory(settings.max_decoding_bytes or 10**9, settings.deadline_ms / 1000),
    )
