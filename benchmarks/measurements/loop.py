"""The longest gap of the event loop while bodies of the greatest size arrive."""

from app.settings import SHIPPED_BUNDLES
from benchmarks.host.cores import generator_cores, pinned_to, server_cores
from benchmarks.load.pings import longest_idle_ms, longest_wait_ms
from benchmarks.payloads.large import large_requests
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers.server import likewise
from benchmarks.trials.rounds import Spread
from model.bundle import read_manifest

ABOUT = """\
One body at a time of the greatest size that is taken (64 MB, 3,000,000 numbers or 100,000 rows), as
usual, at its worst, and malformed. Beside it another connection asks `GET /livez` again and again:
its longest answer is the longest time for which the event loop did nothing else. Before bodies were
parsed in pieces, a body in JSON held it for up to 9 s
([decision 32](decisions/0032-large-json-piece-by-piece.md))."""

_MAX_MS = 50.0
_MODEL = "faces-crops"


def measure(plan: Plan) -> Found:
    """Measure the longest wait for each kind of body."""
    dim = read_manifest(SHIPPED_BUNDLES / _MODEL).embedding_dim
    rows: list[tuple[Cell, ...]] = []
    longest = [0.0] * plan.rounds
    with (
        likewise(server_cores(), {"default_model": _MODEL}) as server,
        pinned_to(generator_cores()),
    ):
        idle = longest_idle_ms(server.port)
        for name, request in large_requests(dim):
            waits = [longest_wait_ms(server.port, request) for _ in range(plan.rounds)]
            longest = [max(pair) for pair in zip(longest, waits, strict=True)]
            spread = Spread.of(waits)
            rows.append((name, len(request.body) / 1e6, spread.median, spread.low, spread.high))
    columns = ("body", "MB", "median, ms", "least, ms", "greatest, ms")
    return Found(
        (
            Figure.of("longest gap of all bodies", Spread.of(longest), "ms", at_most=_MAX_MS),
            Figure("longest of 2,000 waits without a body", idle, "ms"),
        ),
        (Table("Longest wait for /livez while the body arrives", columns, tuple(rows)),),
    )
