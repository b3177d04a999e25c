"""Cost of each part of the hot path beside its alternative, in one process."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

import numpy as np
import onnxruntime
import uvloop
from fastapi.encoders import jsonable_encoder
from multipart import PushMultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

from app.api.bodies.multipart import Expected, MultipartReader
from app.api.schemas.answer import ModelReference
from app.api.schemas.decisions import VerifyAnswer
from app.api.schemas.domain import DomainAnswer
from app.api.schemas.operating_point import OperatingPointAnswer
from app.batching.batch_runner import BatchRunner, Encoded, EncodeJob
from app.batching.image_input import ImageFile
from app.catalog.catalog import ServedModel
from app.decision import choose_threshold, decide
from app.domain import check_images
from app.settings import Provider, WantedPrecision
from app.worker.service import load_model
from app.zone import Outcome
from benchmarks.host.cores import pinned_to, server_cores
from benchmarks.measurements.full_scale import full_scale, full_scale_grey, no_shortcut
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Cell
from benchmarks.servers.ceiling import bundle_of
from benchmarks.trials.contest import pictures_of
from model.preprocessing import ImageLimits, preprocess

_MODEL = "att-chopra"
_CHUNK = 65_536
_HOPS = 500
SETS = ("lfw", "photo-640x480", "photo-1920x1080")

Row = tuple[Cell, ...]
Work = Callable[[], object]
Clock = Callable[[], float]

COLUMNS = ("part", "as it is", "µs", "alternative", "µs ", "gives")


def measure_parts(plan: Plan) -> tuple[Row, ...]:
    """Measure each alternative, and return a row for each; see `COLUMNS`."""
    with pinned_to(server_cores()):
        rows = [*_decoding(plan), *_parsing(plan), *_encoding(), *_hops(), *_domain(plan)]
    return (*rows, *_sessions())


def _decoding(plan: Plan) -> Iterator[Row]:
    spec = bundle_of(_MODEL).manifest.input
    ways = {
        "full scale": full_scale_grey,
        "full scale, plain resize": no_shortcut,
        "full scale, colour": full_scale,
    }
    for name in SETS:
        work = partial(preprocess, pictures_of(plan, name)[0].files[0], spec)
        for label, context in ways.items():
            times = _duel(work, partial(_within, context, work))
            yield _row(f"decoding, {name}", "reduced scale", label, times)


def _within(context: Callable[[], AbstractContextManager[None]], work: Work) -> object:
    with context():
        return work()


def _parsing(plan: Plan) -> Iterator[Row]:
    """Multipart bodies by the service's reader, by Starlette's form (UploadFile), and unbounded."""
    ways = {"Starlette's form": _read_by_starlette, "the package alone": _read_by_package}
    for name in SETS:
        request = bodies.verify_requests(pictures_of(plan, name)[0].files[:2])[0]
        chunks = [request.body[at : at + _CHUNK] for at in range(0, len(request.body), _CHUNK)]
        own = partial(_read_by_own, request.media_type, chunks)
        for label, way in ways.items():
            times = _duel(own, partial(way, request.media_type, chunks))
            yield _row(f"multipart, {name}", "bounded reader", label, times)


def _read_by_own(media_type: str, chunks: Sequence[bytes]) -> object:
    expected = Expected({"image1": 1, "image2": 1}, frozenset(), 1 << 30)
    reader = MultipartReader(media_type, expected)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.close()


def _read_by_package(media_type: str, chunks: Sequence[bytes]) -> object:
    """Join the parts' data, with no check of their names, number and size."""
    parser = PushMultipartParser(parse_options_header(media_type)[1]["boundary"])
    parts: list[bytes] = []
    pieces: list[bytes] = []
    for chunk in chunks:
        for event in parser.parse(chunk):
            if isinstance(event, bytes):
                pieces.append(event)
            elif event is None:
                parts.append(b"".join(pieces))
                pieces.clear()
    parser.close()
    return parts


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
    """Run a coroutine that never waits, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("the coroutine waits")


def _encoding() -> Iterator[Row]:
    """Compare ways to encode the answer of /verify as JSON."""
    answer = _answer()
    ways = {
        "json.dumps of model_dump": lambda: json.dumps(answer.model_dump()).encode(),
        "jsonable_encoder, json.dumps": lambda: json.dumps(jsonable_encoder(answer)).encode(),
    }

    def own() -> bytes:
        return answer.model_dump_json().encode()

    for label, way in ways.items():
        yield _row("response", "pydantic to bytes", label, _duel(own, way))


def _answer() -> VerifyAnswer:
    manifest = bundle_of(_MODEL).manifest
    choice = choose_threshold(manifest)
    return VerifyAnswer(
        same=True,
        energy=1.234567,
        threshold=choice.threshold,
        decision=Outcome.SAME,
        zone=None,
        operating_point=OperatingPointAnswer.of(choice),
        likelihood_ratio=12.3456,
        likelihood_ratio_interval=(4.5678, 33.333),
        domain=DomainAnswer(status="in", percentile=[12.345, 67.89], reason=None),
        withheld=None,
        model=ModelReference.of(manifest),
    )


def _domain(plan: Plan) -> Iterator[Row]:
    """Compare /verify without HTTP with and without the domain check, of bundles that have one."""
    data = pictures_of(plan, "lfw")[0].files
    files = ImageFile("image1", data[0]), ImageFile("image2", data[1])
    for name in (_MODEL, "faces-crops"):
        model = load_model(bundle_of(name), Provider.CPU, WantedPrecision.FP32)
        if isinstance(model, ServedModel) and model.domain is not None:
            without = _verification(replace(model, domain=None), files)
            times = _duel(_verification(model, files), without)
            yield _row(f"/verify without HTTP, {name}", "domain check", "without it", times)


def _verification(model: ServedModel, files: Sequence[ImageFile]) -> Work:
    """Return the work of a job of /verify: decode, embed, decide, check the domain."""
    choice = choose_threshold(model.manifest)
    names = [file.name for file in files]

    def answer(encoded: Encoded) -> object:
        domain = check_images(model.domain, model.manifest, names, encoded.percentiles)
        return decide(model.manifest, encoded.embeddings, choice), DomainAnswer.of(domain)

    job = EncodeJob(model, tuple(files), ImageLimits(), answer)
    return partial(BatchRunner(32).run, [job], [bool])


def _hops() -> Iterator[Row]:
    """Compare event loops by the time of a hop to a thread and back."""
    ways = {"three, uvloop": (uvloop.new_event_loop, 3), "one, asyncio": (_asyncio_loop, 1)}
    for label, (new_loop, hops) in ways.items():
        times = _duel(partial(_hop, uvloop.new_event_loop, 1), partial(_hop, new_loop, hops))
        each = (times[0] / _HOPS, times[1] / _HOPS)
        yield _row("hand-over to a thread", "one, uvloop", label, each)


def _asyncio_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop()


def _hop(new_loop: Callable[[], asyncio.AbstractEventLoop], hops: int) -> None:
    """Hop to a thread and back `_HOPS * hops` times."""

    async def run(pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_HOPS * hops):
            await loop.run_in_executor(pool, int)

    with ThreadPoolExecutor(1) as pool, asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run(pool))


def _sessions() -> Iterator[Row]:
    """Compare options of ONNX Runtime by one run of two images; two threads use both cores."""
    for model in (_MODEL, "faces-crops"):
        own = _graph(model)
        for label, other in (
            ("arena off", _graph(model, arena=False)),
            ("2 threads, no spinning", _graph(model, threads=2)),
            ("2 threads, spinning", _graph(model, threads=2, spinning=True)),
        ):
            times = _duel(own, other, time.perf_counter)
            yield _row(f"graph, {model}", "1 thread, arena, no spinning", label, times)


def _graph(model: str, *, arena: bool = True, threads: int = 1, spinning: bool = False) -> Work:
    bundle = bundle_of(model)
    spec = bundle.manifest.input
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = arena
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    session = onnxruntime.InferenceSession(bundle.onnx, options, providers=["CPUExecutionProvider"])
    images = np.zeros((2, spec.height, spec.width, spec.channels), np.uint8)
    return partial(session.run, None, {session.get_inputs()[0].name: images})


def _row(part: str, ours: str, other: str, times: tuple[float, float]) -> Row:
    return (part, ours, times[0], other, times[1], times[1] / times[0])


def _duel(ours: Work, theirs: Work, clock: Clock = time.process_time) -> tuple[float, float]:
    """Return the median time of one call of each, in microseconds; their batches alternate.

    The clock is processor time, except where several threads work.
    """
    counts = [_batch_of(work) for work in (ours, theirs)]
    times = [(_timed(ours, counts[0], clock), _timed(theirs, counts[1], clock)) for _ in range(15)]
    one, other = (statistics.median(column) for column in zip(*times, strict=True))
    return one, other


def _batch_of(work: Work) -> int:
    """Return the number of calls that take about 20 ms."""
    work()
    started = time.perf_counter()
    work()
    return max(1, int(0.02 / (time.perf_counter() - started)))


def _timed(work: Work, count: int, clock: Clock) -> float:
    started = clock()
    for _ in range(count):
        work()
    return (clock() - started) / count * 1e6
