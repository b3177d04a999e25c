"""/verify and /embed against the ceiling, in int8 against float32, and without a domain check."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.host.cores import Cores, both_cores, server_cores
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers.ceiling import running_ceiling
from benchmarks.servers.server import likewise
from benchmarks.trials.contest import SATURATING, pictures_of, requests_in, saturated
from benchmarks.trials.rounds import (
    Turn,
    alternate,
    cpu_ratio,
    median_at_most,
    of_ceiling,
    pausing,
    rate,
    ratio,
)

ABOUT = """\
Requests per second at saturation, as a share of the ceiling: the same images decoded (JPEG at
reduced scale), encoded by ONNX Runtime in one run and compared, in a plain loop of one process
on the same core, without HTTP. For `faces` the loop also searches each picture with the bundle's
locator in the service's session, and cuts out the face. The rounds of the two alternate. wrk
runs on the other core. "By processor time" divides by the processor time that each used, and
stays valid on a machine that others use too. On both cores, the server has one worker with two
threads, there are two ceiling loops, and wrk has its threads on the same two cores, so its cost
counts against the service."""

ABOUT_PRECISION = """\
Requests per second of the service with `LIKEWISE_PRECISION=int8`, as a multiple of those with
`fp32`, on the same core. The rounds of the two alternate, and the one that waits is paused. "By
processor time" divides by the processor time that each used, and stays valid on a machine that
others use too. All other benchmarks are of `fp32`, which the ceiling and the peers run as well."""

ABOUT_DOMAIN = """\
Requests per second of the service whose bundles are opened without their domain check, as a
multiple of those with it, on the same core: what the check costs. Each round starts both anew,
since two processes of one program differ by some per cent for as long as they run, and lets them
take turns, in both orders; the one that waits is paused. The bar is for the upper 95 % bound of the
median over the rounds (an order statistic, exact for any distribution), by processor time, which
the other processes of the machine move less."""

_BATCH = 32
_INT8_AT_LEAST = 1.8
_CHECK_AT_MOST = 1.02
_CHECKED = (("faces", "face"), ("faces-crops", "lfw"), ("att-chopra", "lfw"))
"""Bundles whose check is left out, each with its pictures."""
_LAUNCHED = (sys.executable, "-m", "benchmarks.servers.launcher", "uvloop", "httptools")
_TURNS_OF_A_START = 2
"""In both orders."""


@dataclass(frozen=True)
class Case:
    """One figure: encoder, set of pictures, images of a call, and bar."""

    model: str
    pictures: str
    at_least: float | None = None
    embed: int = 0
    both: bool = False

    @property
    def name(self) -> str:
        """Label of the case in the report."""
        call = f"/embed of {self.embed} images" if self.embed else "/verify"
        return f"{call}, {self.model}, {self.pictures}{', both cores' if self.both else ''}"


CASES = (
    Case("att-chopra", "att"),
    Case("att-chopra", "lfw", at_least=0.80),
    Case("att-chopra", "photo-640x480", at_least=0.88),
    Case("att-chopra", "photo-1920x1080"),
    Case("faces-crops", "lfw", at_least=0.92),
    Case("faces-crops", "photo-640x480", at_least=0.92),
    Case("faces", "face", at_least=0.92),
    Case("faces", "face-640x480", at_least=0.92),
    Case("att-chopra", "lfw", at_least=0.90, embed=_BATCH),
    Case("faces-crops", "lfw", at_least=0.90, embed=_BATCH),
    Case("att-chopra", "lfw", both=True),
    Case("faces-crops", "lfw", both=True),
)


def measure(plan: Plan) -> Found:
    """Measure every case; the figures are shares of the ceiling."""
    measured = [_measure_case(plan, case) for case in CASES]
    columns = ("case", "ceiling, /s", "service, /s", "by processor time", "p50, ms", "p99, ms")
    table = Table("Requests a second", columns, tuple(row for _, row in measured))
    return Found(tuple(figure for figure, _ in measured), (table,))


def _measure_case(plan: Plan, case: Case) -> tuple[Figure, tuple[Cell, ...]]:
    made, files = pictures_of(plan, case.pictures)
    loop: tuple[str, ...]
    if case.embed:
        requests = bodies.embed_requests(made.files, case.model, case.embed)
        loop = ("embed", case.model, str(files), str(case.embed))
    else:
        requests = bodies.verify_requests(made.files, case.model)
        loop = ("verify", case.model, str(files))
    cores: Cores = both_cores() if case.both else server_cores()
    folder = requests_in(plan, "case", requests)
    with running_ceiling(cores, *loop) as ceiling, likewise(cores) as server:
        connections = 4 if case.embed else 16
        busy = saturated(plan, server, folder, connections, both_cores() if case.both else None)
        turns = alternate(
            {"ceiling": of_ceiling(ceiling, plan.seconds), "service": busy}, plan.rounds
        )
    service, plain = turns["service"], turns["ceiling"]
    load = service[-1].load
    row = (
        *(case.name, rate(plain).median, rate(service).median, cpu_ratio(service, plain).median),
        *((load.p50_ms, load.p99_ms) if load else (None, None)),
    )
    return Figure.of(case.name, ratio(service, plain), at_least=case.at_least), row


def measure_precision(plan: Plan) -> Found:
    """Measure the two precisions in turns; the figure is the ratio of their throughputs."""
    made, _ = pictures_of(plan, "lfw")
    folder = requests_in(plan, "case", bodies.verify_requests(made.files, "faces-crops"))
    cores = server_cores()
    with (
        likewise(cores, {"precision": "fp32"}) as whole,
        likewise(cores, {"precision": "int8"}) as int8,
    ):
        turns = alternate(
            {
                "fp32": pausing(int8, saturated(plan, whole, folder, SATURATING)),
                "int8": pausing(whole, saturated(plan, int8, folder, SATURATING)),
            },
            plan.rounds,
        )
    case = "/verify, faces, lfw"
    columns = ("precision", "requests/s", "p50, ms", "p99, ms")
    rows = tuple((name, *_load_row(found)) for name, found in turns.items())
    by_time = Figure.of(f"{case}, by processor time", cpu_ratio(turns["int8"], turns["fp32"]))
    return Found(
        (Figure.of(case, ratio(turns["int8"], turns["fp32"]), at_least=_INT8_AT_LEAST), by_time),
        (Table(case, columns, rows),),
    )


def measure_domain(plan: Plan) -> Found:
    """Measure the service with and without its domain check, for both image encoders."""
    found = [_measure_check(plan, *case) for case in _CHECKED]
    return Found(
        tuple(figure for figures, _ in found for figure in figures),
        tuple(table for _, table in found),
    )


def _measure_check(plan: Plan, model: str, pictures: str) -> tuple[tuple[Figure, ...], Table]:
    made, _ = pictures_of(plan, pictures)
    folder = requests_in(plan, f"domain-{model}", bodies.verify_requests(made.files, model))
    rounds = [_with_and_without(plan, folder) for _ in range(plan.rounds)]
    turns = {name: [each[name] for each in rounds] for name in rounds[0]}
    case = f"/verify without the domain check, {model}, {pictures}"
    by_time = cpu_ratio(turns["without"], turns["with"])
    bound = median_at_most(
        [
            without.per_cpu_second / checked.per_cpu_second
            for without, checked in zip(turns["without"], turns["with"], strict=True)
        ]
    )
    bar = None if model == "att-chopra" else _CHECK_AT_MOST
    figures = (
        Figure.of(case, ratio(turns["without"], turns["with"])),
        Figure.of(f"{case}, by processor time", by_time),
        Figure(f"{case}, by processor time, upper bound of the median", bound, "×", at_most=bar),
    )
    columns = ("domain check", "requests/s", "p50, ms", "p99, ms")
    rows = tuple((name, *_load_row(found)) for name, found in turns.items())
    return figures, Table(f"/verify, {model}, {pictures}", columns, rows)


def _with_and_without(plan: Plan, folder: Path) -> dict[str, Turn]:
    """Start the service with the domain check and without, and return the mean turn of each."""
    cores = server_cores()
    with (
        likewise(cores, command=(*_LAUNCHED, "checked")) as checked,
        likewise(cores, command=(*_LAUNCHED, "unchecked")) as unchecked,
    ):
        turns = alternate(
            {
                "with": pausing(unchecked, saturated(plan, checked, folder)),
                "without": pausing(checked, saturated(plan, unchecked, folder)),
            },
            _TURNS_OF_A_START,
        )
    return {name: Turn.mean(each) for name, each in turns.items()}


def _load_row(turns: list[Turn]) -> tuple[Cell, ...]:
    load = turns[-1].load
    return (rate(turns).median, *((load.p50_ms, load.p99_ms) if load else (None, None)))
