"""What each choice on the hot path gives, by measuring the alternative."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numpy as np
import onnxruntime
import uvloop
from fastapi.encoders import jsonable_encoder
from numpy.typing import NDArray
from PIL import JpegImagePlugin
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

from app.api.multipart import Expected, MultipartReader
from app.api.schemas import ModelReference, OperatingPointAnswer, VerifyAnswer
from app.comparison import choose_threshold
from app.encoders.onnx import load_encoder
from app.settings import Provider
from benchmarks import bodies
from benchmarks.ceiling import bundle_of
from benchmarks.contest import pictures_of, requests_in, saturated
from benchmarks.cores import held_to, server_cores
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.rounds import alternate, cpu_ratio, rate, ratio
from benchmarks.server import likewise
from model.preprocessing import preprocess

ABOUT = """\
Each row measures the alternative beside what the service does: parts in one process (microseconds
a request, medians), then whole servers that take turns under the same load ("gives" is the service
as it is over the alternative). A gain within the spread of the rounds is no gain. Reduced-scale
decoding changes pixels slightly: the figures say by how much the embeddings move, as a share of
their root-mean-square length, median picture with the least and the greatest."""

_MODEL = "att-chopra"
_CHUNK = 65_536
_MOST_SHIFT = 1e-2
_SETS = ("lfw", "photo-640x480", "photo-1920x1080")

Row = tuple[Cell, ...]

_AS_IT_IS = (sys.executable, "-m", "app")


def measure(plan: Plan) -> Found:
    """Every ablation."""
    shifts = [_shift(plan, model, name) for model in (_MODEL, "faces") for name in _SETS]
    with held_to(server_cores()):
        parts = [*_decoding(plan), *_parsing(plan), *_encoding(), *_hops()]
    parts += _sessions()
    part_columns = ("part", "as it is", "µs", "alternative", "µs ", "gives")
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
            Table("Parts", part_columns, tuple(parts)),
            Table("Whole servers, LFW pictures, light encoder", columns, tuple(_servers(plan))),
        ),
    )


@contextmanager
def full_scale() -> Iterator[None]:
    """Decode JPEG at its full scale and in its own colours within the block."""
    with _drafts(lambda _image, _mode, _size: None):
        yield


@contextmanager
def full_scale_grey() -> Iterator[None]:
    """Decode JPEG at its full scale within the block, brightness alone where that is wanted."""
    reduced = JpegImagePlugin.JpegImageFile.draft
    with _drafts(lambda image, mode, _size: reduced(image, mode, image.size)):
        yield


@contextmanager
def _drafts(draft: Callable[..., object]) -> Iterator[None]:
    kept = JpegImagePlugin.JpegImageFile.draft
    JpegImagePlugin.JpegImageFile.draft = draft  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        JpegImagePlugin.JpegImageFile.draft = kept  # type: ignore[method-assign]


def _shift(plan: Plan, model: str, name: str) -> Figure:
    """How far reduced-scale decoding moves embeddings, median and greatest over the pictures."""
    bundle = bundle_of(model)
    embed = load_encoder(bundle, Provider.CPU).embed
    files = pictures_of(plan, name)[0].files
    spec = bundle.manifest.input
    reduced = embed(np.stack([preprocess(file, spec) for file in files]))
    with full_scale_grey():
        full = embed(np.stack([preprocess(file, spec) for file in files]))
    moved = relative_shift(reduced, full)
    label = f"embeddings moved by reduced-scale decoding, {model}, {name}, {len(files)} pictures"
    low, median, high = np.percentile(moved, (0, 50, 100))
    return Figure(label, float(median), "", float(low), float(high), at_most=_MOST_SHIFT)


def relative_shift(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """The distance of each pair of rows over the root-mean-square length of `other`. Shape (n,)."""
    scale = np.sqrt((other.astype(np.float64) ** 2).sum(axis=1).mean())
    moved: NDArray[np.float64] = np.linalg.norm(one - other, axis=1) / scale
    return moved


def _decoding(plan: Plan) -> Iterator[Row]:
    spec = bundle_of(_MODEL).manifest.input
    for name in _SETS:
        file = pictures_of(plan, name)[0].files[0]
        work = partial(preprocess, file, spec)
        ours = _microseconds(work)
        for label, context in (("full scale", full_scale_grey), ("full scale, colour", full_scale)):
            with context():
                theirs = _microseconds(work)
            yield _row(f"decoding, {name}", "reduced scale", ours, label, theirs)


def _parsing(plan: Plan) -> Iterator[Row]:
    """The service's reader of multipart bodies beside Starlette's form, which UploadFile uses."""
    for name in _SETS:
        request = bodies.verify_requests(pictures_of(plan, name)[0].files[:2])[0]
        chunks = [request.body[at : at + _CHUNK] for at in range(0, len(request.body), _CHUNK)]
        ours = _microseconds(partial(_read_by_own, request.media_type, chunks))
        theirs = _microseconds(partial(_read_by_starlette, request.media_type, chunks))
        yield _row(f"multipart, {name}", "own reader", ours, "Starlette's form", theirs)


def _read_by_own(media_type: str, chunks: Sequence[bytes]) -> object:
    expected = Expected({"image1": 1, "image2": 1}, frozenset(), 1 << 30)
    reader = MultipartReader(media_type, expected)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.close()


def _read_by_starlette(media_type: str, chunks: Sequence[bytes]) -> object:
    async def stream() -> AsyncGenerator[bytes, None]:
        for chunk in chunks:
            yield chunk

    async def read() -> list[bytes]:
        headers = Headers({"content-type": media_type})
        form = await MultiPartParser(headers, stream()).parse()
        return [await part.read() for part in form.values() if not isinstance(part, str)]

    return _run_at_once(read())


def _run_at_once(coroutine: Coroutine[None, None, object]) -> object:
    """Run a coroutine that never really waits, with no event loop around it."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("the coroutine waits")


def _encoding() -> Iterator[Row]:
    """The answer of /verify as bytes of JSON."""
    answer = _answer()
    ways = {
        "json.dumps of model_dump": lambda: json.dumps(answer.model_dump()).encode(),
        "jsonable_encoder, json.dumps": lambda: json.dumps(jsonable_encoder(answer)).encode(),
    }
    ours = _microseconds(lambda: answer.__pydantic_serializer__.to_json(answer))
    for label, way in ways.items():
        yield _row("response", "pydantic to bytes", ours, label, _microseconds(way))


def _answer() -> VerifyAnswer:
    manifest = bundle_of(_MODEL).manifest
    choice = choose_threshold(manifest)
    return VerifyAnswer(
        same=True,
        energy=1.234567,
        threshold=choice.threshold,
        operating_point=OperatingPointAnswer.of(choice),
        likelihood_ratio=12.3456,
        model=ModelReference.of(manifest),
    )


def _hops() -> Iterator[Row]:
    """One hand-over to a thread and back, by event loop."""
    one = _hop_microseconds(uvloop.new_event_loop, 1)
    yield _row(
        "hand-over to a thread",
        "one, uvloop",
        one,
        "three, uvloop",
        _hop_microseconds(uvloop.new_event_loop, 3),
    )
    yield _row(
        "hand-over to a thread",
        "one, uvloop",
        one,
        "one, asyncio",
        _hop_microseconds(asyncio.new_event_loop, 1),
    )


def _hop_microseconds(new_loop: Callable[[], asyncio.AbstractEventLoop], hops: int) -> float:
    count = 2_000

    async def run(pool: ThreadPoolExecutor) -> float:
        loop, started = asyncio.get_running_loop(), time.perf_counter()
        for _ in range(count * hops):
            await loop.run_in_executor(pool, int)
        return (time.perf_counter() - started) / count * 1e6

    with ThreadPoolExecutor(1) as pool, asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(run(pool))


def _sessions() -> Iterator[Row]:
    """ONNX Runtime's options: one run of two images, on both cores where threads need them."""
    for model in (_MODEL, "faces"):
        ours = _run_microseconds(model)
        for label, change in (
            ("arena off", {"arena": False}),
            ("2 threads, no spinning", {"threads": 2}),
            ("2 threads, spinning", {"threads": 2, "spinning": True}),
        ):
            theirs = _run_microseconds(model, **change)
            yield _row(f"graph, {model}", "1 thread, arena, no spinning", ours, label, theirs)


def _run_microseconds(
    model: str, *, arena: bool = True, threads: int = 1, spinning: bool = False
) -> float:
    bundle = bundle_of(model)
    spec = bundle.manifest.input
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = arena
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    session = onnxruntime.InferenceSession(bundle.onnx, options, providers=["CPUExecutionProvider"])
    images = np.zeros((2, spec.height, spec.width, spec.channels), np.uint8)
    return _microseconds(lambda: session.run(None, {session.get_inputs()[0].name: images}))


def _servers(plan: Plan) -> Iterator[Row]:
    """Whole servers: as it is, and with one thing changed."""
    uvicorn = (sys.executable, "-m", "benchmarks.launcher")
    yield _server_row(plan, "uvloop, not asyncio", (*uvicorn, "asyncio", "httptools"))
    yield _server_row(plan, "httptools, not h11", (*uvicorn, "uvloop", "h11"))
    yield _server_row(plan, "no line for each request", log_level="info")
    yield _server_row(plan, "1 thread on one core, not 2", threads=2)
    yield _server_row(plan, "1 thread on one core, not 4", threads=4)


def _server_row(
    plan: Plan, label: str, command: Sequence[str] = _AS_IT_IS, **settings: object
) -> Row:
    made, _ = pictures_of(plan, "lfw")
    folder = requests_in(plan, "servers", bodies.verify_requests(made.files, _MODEL))
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


def _row(part: str, ours: str, ours_us: float, other: str, other_us: float) -> Row:
    return (part, ours, ours_us, other, other_us, other_us / ours_us)


def _microseconds(work: Callable[[], object], batches: int = 9) -> float:
    """The median time of one call, in microseconds; each batch takes about 30 ms."""
    started = time.perf_counter()
    work()
    count = max(1, int(0.03 / (time.perf_counter() - started + 1e-9)))
    return statistics.median(_timed(work, count) for _ in range(batches)) / count * 1e6


def _timed(work: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        work()
    return time.perf_counter() - started
