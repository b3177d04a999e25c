"""Ceiling: the work of a request in a plain loop of one process, without HTTP and threads.

The loop decodes by `model.preprocessing` (at reduced scale where that applies), runs ONNX Runtime
in the session that the service opens, and computes the energy. It runs in its own process, pinned
to the server's core, and sleeps until a round is requested:

    python -m benchmarks.servers.ceiling verify BUNDLE FOLDER_OF_PICTURES
"""

import io
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from app.encoders.locator import load_locator
from app.encoders.onnx import load_encoder
from app.settings import SHIPPED_BUNDLES, Provider
from benchmarks.host.cores import Cores, pinned
from benchmarks.host.machine import ROOT
from benchmarks.payloads import pictures
from model.bundle import Bundle, open_bundle, read_manifest
from model.preprocessing import preprocess, preprocess_located
from model.scoring import energy, is_same

Step = Callable[[], object]
"""The work of one request; each call takes the next pictures."""


@dataclass(frozen=True)
class Round:
    """Number of steps in one round, with their duration and processor time."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Steps per second."""
        return self.requests / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Steps per second of processor time."""
        return self.requests / self.cpu_seconds


class Ceiling:
    """The loops, one on each core, which sleep between rounds."""

    def __init__(self, loops: Sequence[subprocess.Popen[str]]) -> None:
        self._loops = loops

    def run(self, seconds: float) -> Round:
        """Run the loops in parallel for a time, and return the sum of their rounds."""
        for loop in self._loops:
            _stream(loop.stdin).write(f"{seconds}\n")
            _stream(loop.stdin).flush()
        rounds = [Round(**json.loads(_stream(loop.stdout).readline())) for loop in self._loops]
        return Round(
            sum(each.requests for each in rounds),
            max(each.seconds for each in rounds),
            sum(each.cpu_seconds for each in rounds),
        )


@contextmanager
def running_ceiling(
    cores: Cores, *arguments: str, module: str = "benchmarks.servers.ceiling"
) -> Iterator[Ceiling]:
    """Run one loop on each of the cores; `arguments` as on the module's command line."""
    command = [sys.executable, "-m", module, *arguments]
    with ExitStack() as stack:
        loops = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 (our own command)
                    pinned(command, (core,)),
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for core in cores
        ]
        yield Ceiling(loops)


def bundle_of(name: str) -> Bundle:
    """Open a shipped bundle."""
    return open_bundle(SHIPPED_BUNDLES / name)


def verify_step(bundle: Bundle, files: Sequence[bytes]) -> Step:
    """Return the step that computes the energy of the next pair of images."""
    embed, to_input, metric = _embedder(bundle), _to_input(bundle), bundle.manifest.metric
    pairs = itertools.cycle(list(zip(files[::2], files[1::2], strict=False)))

    def step() -> float:
        images = np.stack([to_input(file) for file in next(pairs)])
        left, right = embed(images)
        return float(energy(metric, left, right))

    return step


def _to_input(bundle: Bundle) -> Callable[[bytes], NDArray[np.uint8]]:
    """Return the function that decodes a file, and cuts out what a locator finds."""
    spec, locator = bundle.manifest.input, load_locator(bundle)
    if locator is None:
        return lambda file: preprocess(file, spec)
    return lambda file: preprocess_located(file, spec, locator)[0]


def embed_step(
    bundle: Bundle, files: Sequence[bytes], batch: int
) -> Callable[[], NDArray[np.float32]]:
    """Return the step that embeds the next batch of images in one run of the graph."""
    embed, to_input = _embedder(bundle), _to_input(bundle)
    starts = itertools.cycle(range(0, len(files) - batch + 1, batch))

    def step() -> NDArray[np.float32]:
        start = next(starts)
        return embed(np.stack([to_input(file) for file in files[start : start + batch]]))

    return step


def compare_step(bundle: str, file: bytes, *, from_bytes: bool) -> Step:
    """Return the step that compares the first row with the rest, and decides.

    Args:
        bundle: Source of the metric and the threshold; its graph is not used.
        file: An .npy file, float32 (1 + n, dim).
        from_bytes: Read the array from bytes and write the energies to bytes in every step, as a
            service must; else both stay arrays.
    """
    manifest = read_manifest(SHIPPED_BUNDLES / bundle)
    metric, threshold = manifest.metric, manifest.calibration.default_point.threshold
    kept = np.load(io.BytesIO(file), allow_pickle=False)

    def step() -> object:
        rows = np.load(io.BytesIO(file), allow_pickle=False) if from_bytes else kept
        energies = energy(metric, rows[0], rows[1:])
        same = is_same(energies, threshold)
        if not from_bytes:
            return same
        answer = io.BytesIO()
        np.save(answer, energies)
        return answer.getvalue()

    return step


def _embedder(bundle: Bundle) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    return load_encoder(bundle, Provider.CPU).embed


def _round(step: Step, seconds: float) -> Round:
    started, cpu, count = time.perf_counter(), time.process_time(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        step()
        count += 1
    return Round(count, elapsed, time.process_time() - cpu)


def _step(operation: str, bundle: str, path: Path, *rest: str) -> Step:
    if operation == "verify":
        return verify_step(bundle_of(bundle), pictures.load(path))
    if operation == "embed":
        return embed_step(bundle_of(bundle), pictures.load(path), int(rest[0]))
    return compare_step(bundle, path.read_bytes(), from_bytes=operation == "compare-bytes")


def serve(step: Step) -> None:
    """Run a round for each line on stdin, which gives its duration in seconds."""
    step()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(vars(_round(step, float(line)))) + "\n")
        sys.stdout.flush()


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # noqa: S101 (opened as a pipe)
    return stream


if __name__ == "__main__":
    _operation, _bundle, _path, *_rest = sys.argv[1:]
    serve(_step(_operation, _bundle, Path(_path), *_rest))
