"""Gain of each choice on the hot path, measured against its alternative."""

import sys
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from app.encoders.onnx import load_encoder
from app.settings import Provider
from benchmarks.host.cores import server_cores
from benchmarks.measurements.full_scale import no_shortcut
from benchmarks.measurements.parts import COLUMNS, SETS, Row, measure_parts
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Figure, Found, Table
from benchmarks.servers.ceiling import bundle_of
from benchmarks.servers.server import likewise
from benchmarks.trials.contest import pictures_of, requests_in, saturated
from benchmarks.trials.rounds import alternate, cpu_ratio, rate, ratio
from model.preprocessing import preprocess

ABOUT = """\
Each row measures the alternative beside the service as it is: first parts in one process
(microseconds of processor time, of wall-clock time for graphs; medians of alternating batches),
then whole servers that alternate under the same load ("gives" is the service as it is over the
alternative). A gain within the spread of the rounds is no gain. Reduced-scale decoding, and the box
filter of the first step of the resize, change pixels slightly: the figures are the distances of the
embeddings from those of full decoding and a resize that filters every pixel, as a share of their
root-mean-square length: the median picture, with minimum and maximum."""

_MODEL = "att-chopra"
_MAX_SHIFT = 1e-2
_AS_IT_IS = (sys.executable, "-m", "app")


def measure(plan: Plan) -> Found:
    """Measure every ablation."""
    shifts = [_shift(plan, model, name) for model in (_MODEL, "faces-crops") for name in SETS]
    columns = (
        "choice",
        "as it is, /s",
        "alternative, /s",
        "gives",
        "least",
        "greatest",
        "by processor time",
    )
    return Found(
        tuple(shifts),
        (
            Table("Parts", COLUMNS, measure_parts(plan)),
            Table(
                "Whole servers, LFW pictures, light encoder where none is named",
                columns,
                tuple(_servers(plan)),
            ),
        ),
    )


def _shift(plan: Plan, model: str, name: str) -> Figure:
    """Measure how far reduced-scale decoding moves embeddings: median, minimum and maximum."""
    bundle = bundle_of(model)
    embed = load_encoder(bundle, Provider.CPU).embed
    files = pictures_of(plan, name)[0].files
    spec = bundle.manifest.input
    reduced = embed(np.stack([preprocess(file, spec) for file in files]))
    with no_shortcut():
        full = embed(np.stack([preprocess(file, spec) for file in files]))
    moved = relative_shift(reduced, full)
    label = f"embeddings moved by reduced-scale decoding, {model}, {name}, {len(files)} pictures"
    low, median, high = np.percentile(moved, (0, 50, 100))
    return Figure(label, float(median), "", float(low), float(high), at_most=_MAX_SHIFT)


def relative_shift(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distance of each pair of rows over the root-mean-square length of `other`, (n,)."""
    scale = np.sqrt((other.astype(np.float64) ** 2).sum(axis=1).mean())
    moved: NDArray[np.float64] = np.linalg.norm(one - other, axis=1) / scale
    return moved


def _servers(plan: Plan) -> Iterator[Row]:
    """Compare the service with itself after one change."""
    uvicorn = (sys.executable, "-m", "benchmarks.servers.launcher")
    yield _server_row(plan, "uvloop, not asyncio", (*uvicorn, "asyncio", "httptools"))
    yield _server_row(plan, "httptools, not h11", (*uvicorn, "uvloop", "h11"))
    router = (*uvicorn, "uvloop", "httptools", "router")
    for model in (_MODEL, "faces-crops"):
        yield _server_row(plan, f"around FastAPI's router, {model}", router, model)
    yield _server_row(plan, "no line for each request", log_level="info")
    yield _server_row(plan, "1 thread on one core, not 2", threads=2)
    yield _server_row(plan, "1 thread on one core, not 4", threads=4)


def _server_row(
    plan: Plan,
    label: str,
    command: Sequence[str] = _AS_IT_IS,
    model: str = _MODEL,
    **settings: object,
) -> Row:
    made, _ = pictures_of(plan, "lfw")
    folder = requests_in(plan, "servers", bodies.verify_requests(made.files, model))
    cores = server_cores()
    with likewise(cores) as ours, likewise(cores, settings, command) as changed:
        turns = alternate(
            {"ours": saturated(plan, ours, folder), "changed": saturated(plan, changed, folder)},
            plan.rounds,
        )
    gives = ratio(turns["ours"], turns["changed"])
    used = cpu_ratio(turns["ours"], turns["changed"]).median
    rates = (rate(turns["ours"]).median, rate(turns["changed"]).median)
    return (label, *rates, gives.median, gives.low, gives.high, used)
