"""/verify and /embed against the ceiling, and /verify in int8 against float32."""

from dataclasses import dataclass

from benchmarks.host.cores import Cores, both_cores, server_cores
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers.ceiling import running_ceiling
from benchmarks.servers.server import likewise
from benchmarks.trials.contest import SATURATING, pictures_of, requests_in, saturated
from benchmarks.trials.rounds import Turn, alternate, cpu_ratio, of_ceiling, pausing, rate, ratio

ABOUT = """\
Requests per second at saturation, as a share of the ceiling: the same images decoded (JPEG at
reduced scale), encoded by ONNX Runtime in one run and compared, in a plain loop of one process on
the same core, without HTTP. The rounds of the two alternate. wrk runs on the other core. "By
processor time" divides by the processor time that each used, and stays valid on a machine that
others use too. On both cores, the server has one worker with two threads, there are two ceiling
loops, and wrk has its threads on the same two cores, so its cost counts against the service."""

ABOUT_PRECISION = """\
Requests per second of the service with `LIKEWISE_PRECISION=int8`, as a multiple of those with
`fp32`, on the same core. The rounds of the two alternate, and the one that waits is paused. "By
processor time" divides by the processor time that each used, and stays valid on a machine that
others use too. All other benchmarks are of `fp32`, which the ceiling and the peers run as well."""

_BATCH = 32
_INT8_AT_LEAST = 1.8


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
    Case("faces", "lfw", at_least=0.92),
    Case("faces", "photo-640x480", at_least=0.92),
    Case("att-chopra", "lfw", at_least=0.90, embed=_BATCH),
    Case("faces", "lfw", at_least=0.90, embed=_BATCH),
    Case("att-chopra", "lfw", both=True),
    Case("faces", "lfw", both=True),
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
    folder = requests_in(plan, "case", bodies.verify_requests(made.files, "faces"))
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
    rows = tuple((name, *_precision_row(found)) for name, found in turns.items())
    by_time = Figure.of(f"{case}, by processor time", cpu_ratio(turns["int8"], turns["fp32"]))
    return Found(
        (Figure.of(case, ratio(turns["int8"], turns["fp32"]), at_least=_INT8_AT_LEAST), by_time),
        (Table(case, columns, rows),),
    )


def _precision_row(turns: list[Turn]) -> tuple[Cell, ...]:
    load = turns[-1].load
    return (rate(turns).median, *((load.p50_ms, load.p99_ms) if load else (None, None)))
