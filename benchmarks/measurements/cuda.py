"""Effect of an NVIDIA GPU on the graph, its numbers, and the service."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import combinations
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from app.encoders.onnx import OnnxEncoder, load_encoder
from app.encoders.providers import CUDA, wanted_providers
from app.settings import SHIPPED_BUNDLES, Provider
from benchmarks.errors import ToolMissingError
from benchmarks.host.cores import Cores, pinned_to, server_cores, usable_cores
from benchmarks.payloads import bodies
from benchmarks.payloads.pictures import Pictures
from benchmarks.plan import Plan
from benchmarks.result import Cell, Found, Table
from benchmarks.servers.ceiling import bundle_of
from benchmarks.servers.server import likewise
from benchmarks.trials.contest import pictures_of, requests_in, saturated
from benchmarks.trials.rounds import alternate, rate, ratio
from model.bundle import Bundle
from model.preprocessing import preprocess
from model.scoring import energy, is_same

ABOUT = """\
On a machine with an NVIDIA GPU and `onnxruntime-gpu`: images per second of the graph alone, on the
GPU by one thread and on one CPU core; the differences between the two in the energies of all pairs
among 64 pictures, beside the threshold of the bundle; and requests per second of the service with
one worker, on one core and on several, with the graph on the GPU and with the graph on those cores.
With the GPU, the cores do HTTP, decoding and preprocessing."""

_SIZES = (1, 8, 64)
_COMPARED = 64
_GRAPH_S = 1.0
_PROVIDERS = {"GPU": Provider.CUDA, "CPU": Provider.CPU}
_SEVERAL = 4
_CALLS = (("faces-crops", 0), ("faces-crops", 32), ("att-chopra", 0))


def measure(plan: Plan) -> Found:
    """Measure the graph of every bundle, and the service with two of them."""
    check_cuda()
    made, _ = pictures_of(plan, "lfw")
    names = sorted(path.parent.name for path in SHIPPED_BUNDLES.glob("*/encoder.onnx"))
    graph, energies = zip(*(_measure_graph(name, made) for name in names), strict=True)
    several = usable_cores()[:_SEVERAL]
    service = [
        _measure_service(plan, made, model, batch, cores)
        for cores in (server_cores(), several)
        for model, batch in _CALLS
    ]
    columns = ("bundle", "batch", "GPU, images/s", "one core, images/s", "ratio")
    return Found(
        tables=(
            Table("The graph alone", columns, tuple(row for rows in graph for row in rows)),
            Table(
                "Energies on the GPU and on the CPU",
                ("bundle", "threshold", "largest difference", "decisions that differ", "pairs"),
                energies,
            ),
            Table(
                "The service",
                ("call", "cores", "with the GPU, /s", "without, /s", "ratio"),
                tuple(service),
            ),
        )
    )


def check_cuda() -> None:
    """Check that this ONNX Runtime has CUDA.

    Raises:
        ToolMissingError: It does not.
    """
    if CUDA not in wanted_providers(Provider.AUTO):
        raise ToolMissingError(
            "this ONNX Runtime has no CUDA: install onnxruntime-gpu and a GPU to measure it on"
        )


def difference(
    embeddings: tuple[NDArray[np.generic], NDArray[np.generic]], bundle: Bundle
) -> tuple[float, int, int]:
    """Compare the energies of the same images from two runs of a graph.

    Args:
        embeddings: Embeddings of the same images, (images, dim) each.
        bundle: Source of the metric and the threshold.

    Returns:
        Largest difference of an energy, number of decisions that differ, number of pairs.
    """
    metric = bundle.manifest.metric
    left, right = np.array(list(combinations(range(len(embeddings[0])), 2))).T
    one, other = (energy(metric, rows[left], rows[right]) for rows in embeddings)
    threshold = bundle.manifest.calibration.default_point.threshold
    differ = is_same(one, threshold) != is_same(other, threshold)
    return float(np.abs(one - other).max()), int(differ.sum()), len(one)


def _measure_graph(
    name: str, made: Pictures
) -> tuple[tuple[tuple[Cell, ...], ...], tuple[Cell, ...]]:
    bundle = bundle_of(name)
    images = np.stack([preprocess(f, bundle.manifest.input) for f in made.files[:_COMPARED]])
    encoders = {key: load_encoder(bundle, provider) for key, provider in _PROVIDERS.items()}
    gpu, cpu = (encoder.embed(images) for encoder in encoders.values())
    threshold = bundle.manifest.calibration.default_point.threshold
    rows = tuple(_rates(name, label, encoders, images, batches) for label, batches in _batches())
    return rows, (name, threshold, *difference((gpu, cpu), bundle))


def _batches() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield batches of each single size, then of all sizes in turn, like those of requests."""
    yield from ((str(size), (size,)) for size in _SIZES)
    yield f"{', '.join(map(str, _SIZES))} in turn", _SIZES


def _rates(
    name: str,
    label: str,
    encoders: Mapping[str, OnnxEncoder],
    images: NDArray[np.uint8],
    sizes: tuple[int, ...],
) -> tuple[Cell, ...]:
    batches = [images[:size] for size in sizes]
    with pinned_to(server_cores()):
        gpu, cpu = (_images_per_second(encoder, batches) for encoder in encoders.values())
    return name, label, gpu, cpu, gpu / cpu


def _images_per_second(encoder: OnnxEncoder, batches: Sequence[NDArray[np.uint8]]) -> float:
    encoder.embed(batches[0])
    started, done = perf_counter(), 0
    while (elapsed := perf_counter() - started) < _GRAPH_S:
        for images in batches:
            encoder.embed(images)
        done += sum(map(len, batches))
    return done / elapsed


def _measure_service(
    plan: Plan, made: Pictures, model: str, batch: int, cores: Cores
) -> tuple[Cell, ...]:
    """Compare both providers in turns; each has its own server on the same cores."""
    requests = (
        bodies.embed_requests(made.files, model, batch)
        if batch
        else bodies.verify_requests(made.files, model)
    )
    folder = requests_in(plan, f"cuda-{model}-{batch}-{len(cores)}", requests)
    generators = usable_cores()[len(cores) : 2 * len(cores)]
    with ExitStack() as stack:
        contenders = {}
        for key, provider in _PROVIDERS.items():
            server = stack.enter_context(likewise(cores, {"provider": provider.value}))
            contenders[key] = saturated(plan, server, folder, 16 * len(cores), generators)
        turns = alternate(contenders, plan.rounds)
    gpu, cpu = (rate(turns[key]).median for key in _PROVIDERS)
    call = f"/embed of {batch} images" if batch else "/verify"
    return f"{call}, {model}", len(cores), gpu, cpu, ratio(turns["GPU"], turns["CPU"]).median
