"""Cold start of the service."""

from benchmarks.host.cores import both_cores
from benchmarks.plan import Plan
from benchmarks.result import Figure, Found
from benchmarks.servers.server import likewise
from benchmarks.trials.rounds import Spread

ABOUT = """\
From the start of `python -m app` with its default settings to the first 200 of /readyz, on both
cores, with its files in the page cache after the first start; by then every shipped bundle is
loaded and has passed its self-check."""

_MAX_S = 2.0
_STARTS = 5


def measure(plan: Plan) -> Found:
    """Measure the median of several starts."""
    starts = []
    for _ in range(max(_STARTS, plan.rounds)):
        with likewise(both_cores()) as server:
            starts.append(server.start_seconds)
    return Found((Figure.of("cold start to ready", Spread.of(starts), "s", at_most=_MAX_S),))
