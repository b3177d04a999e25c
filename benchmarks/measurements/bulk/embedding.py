"""Bulk embedding against a plain loop on each core, and its memory over many images."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import ToolMissingError
from benchmarks.host import processes
from benchmarks.host.cores import both_cores, pinned
from benchmarks.host.machine import ROOT
from benchmarks.payloads.pictures import Pictures
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Plot, Table
from benchmarks.servers.ceiling import running_ceiling
from benchmarks.trials.contest import pictures_of
from benchmarks.trials.rounds import Spread

ABOUT = """\
`python -m bulk embed` of zips of pictures with two workers, against the same decoding and the same
graph in a plain loop on each of two cores. The rate is of further images: those of a large run less
those of a small one, by the difference of the two times, so that the start of Python, the engine
and the bundle does not count; the column "start" has it."""

ABOUT_MEMORY = """\
Memory of `python -m bulk embed` of many small images by `att-chopra`, with two workers: that of all
processes together, pages that they share counted in each. Flat means: after the first fifth of the
images it grows by no more than a twentieth."""

_AT_LEAST = 0.9
_MOST_GROWTH = 1.05
_BATCH = 8
_SIZES = {"faces-crops": ("lfw", 1024, 5120), "att-chopra": ("att", 4096, 24_576)}
"""By bundle: the pictures, and the images of the small and of the large run."""
_A_ZIP = 10_000
_EVERY_S = 0.1


@dataclass(frozen=True)
class Ran:
    """One run: its seconds, and the memory of its processes, in MB, by the second."""

    seconds: float
    memory: tuple[tuple[float, float], ...]

    @property
    def most(self) -> float:
        """Largest memory, in MB."""
        return max((mb for _, mb in self.memory), default=0.0)


def measure(plan: Plan) -> Found:
    """Measure the rates of both bundles."""
    rates: list[tuple[Cell, ...]] = []
    figures: list[Figure] = []
    for bundle, (name, small, large) in _SIZES.items():
        pictures, files = pictures_of(plan, name)
        ceiling = _ceiling(plan, bundle, files)
        turns = [_rate(plan, bundle, pictures, small, large) for _ in range(plan.rounds)]
        rate, start = Spread.of([turn[0] for turn in turns]), Spread.of([turn[1] for turn in turns])
        rates.append((bundle, rate.median, ceiling.median, start.median))
        shares = [share / ceiling.median for share in (rate.median, rate.low, rate.high)]
        bar = _AT_LEAST if bundle == "faces-crops" else None
        share, low, high = shares
        title = f"{bundle}, of the plain loops"
        figures.append(Figure(title, share, "×", low, high, at_least=bar))
    columns = ("bundle", "images/s", "plain loops, images/s", "start, s")
    return Found(tuple(figures), (Table("Two workers", columns, tuple(rates)),))


def _ceiling(plan: Plan, bundle: str, files: Path) -> Spread:
    with running_ceiling(both_cores(), "embed", bundle, str(files), str(_BATCH)) as loops:
        return Spread.of([_BATCH * loops.run(plan.seconds).per_second for _ in range(plan.rounds)])


def _rate(
    plan: Plan, bundle: str, pictures: Pictures, small: int, large: int
) -> tuple[float, float]:
    """Return images per second, and the seconds that a run takes besides."""
    few = embed(plan, bundle, _zips(plan, pictures, small)).seconds
    many = embed(plan, bundle, _zips(plan, pictures, large)).seconds
    rate = (large - small) / (many - few)
    return rate, few - small / rate


def measure_memory(plan: Plan) -> Found:
    """Compare the memory of the first fifth of a run over `plan.requests` images with the rest."""
    pictures, _ = pictures_of(plan, "att")
    ran = embed(plan, "att-chopra", _zips(plan, pictures, plan.requests))
    images = [(plan.requests * second / ran.seconds, mb) for second, mb in ran.memory]
    early = [mb for count, mb in images if plan.requests / 20 < count <= plan.requests / 5]
    late = [mb for count, mb in images if count > plan.requests / 5]
    ratio = max(late) / max(early) if early and late else 0.0
    step = max(1, len(images) // 200)
    plot = Plot(
        "memory",
        f"Memory of a run over {plan.requests:,} images",
        "images, by time",
        "MB of all processes",
        {"bulk embed": tuple(images[::step])},
    )
    title = f"memory over {plan.requests:,} images, of that of the first fifth"
    figures = (
        Figure("memory of all processes, greatest", ran.most, "MB"),
        Figure(title, ratio, "×", at_most=_MOST_GROWTH),
    )
    return Found(figures, plots=(plot,))


def _zips(plan: Plan, pictures: Pictures, count: int) -> Path:
    """Return a folder of zips that hold so many images; the same file under several names."""
    folder = plan.workspace / f"bulk-{pictures.name}-{count}"
    if folder.is_dir():
        return folder
    folder.mkdir()
    whole, rest = divmod(count, _A_ZIP)
    for part, size in enumerate([*[_A_ZIP] * min(whole, 1), *([rest] if rest else [])]):
        with zipfile.ZipFile(folder / f"{'rest' if size == rest and part else 'a'}.zip", "w") as to:
            for place, data in zip(range(size), itertools.cycle(pictures.files), strict=False):
                to.writestr(f"{place:05}.{pictures.suffix}", data)
    for copy in range(1, whole):
        os.link(folder / "a.zip", folder / f"a{copy:04}.zip")
    return folder


def embed(plan: Plan, bundle: str, source: Path) -> Ran:
    """Run the command, and watch its memory.

    Raises:
        ToolMissingError: It failed, as it does without the extra.
    """
    to = plan.workspace / "embeddings.parquet"
    to.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bulk", "embed", str(source), "--model", bundle]
    command += ["--to", str(to), "--workers", "2"]
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 (our own command)
        pinned(command, both_cores()), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        memory = _watch(process, began)
        seconds = time.perf_counter() - began
        if process.returncode:
            raise ToolMissingError(_last_line(process))
    return Ran(seconds, tuple(memory))


def _watch(process: subprocess.Popen[bytes], began: float) -> Sequence[tuple[float, float]]:
    memory = []
    while process.poll() is None:
        mb = sum(map(processes.resident_mb, processes.tree(process.pid)))
        memory.append((time.perf_counter() - began, mb))
        time.sleep(_EVERY_S)
    return memory


def _last_line(process: subprocess.Popen[bytes]) -> str:
    text = b"" if process.stderr is None else process.stderr.read()
    return text.decode(errors="replace").strip().rpartition("\n")[2]
