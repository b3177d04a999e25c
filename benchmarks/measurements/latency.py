"""Latency at 70 % of capacity."""

import statistics

from benchmarks.host.cores import server_cores
from benchmarks.load.steady_load import SteadyLoad, send_steadily
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Figure, Found, Table
from benchmarks.servers.server import likewise
from benchmarks.trials.contest import pictures_of, requests_in, saturated
from benchmarks.trials.rounds import Spread

ABOUT = """\
/verify at 70 % of the capacity measured in the same run, by an open loop: a request is sent when it
is due, and its latency counts from then. The bar is for requests at equal intervals. In a Poisson
process requests come in bunches, and a queue is part of any answer at that load (the 99th
percentile of an M/D/1 queue is about 4 times its median there), so that case has no bar. The sender
spins on its own core; "late" is the 99th percentile of its lateness, and above 1 ms a run is
refused.

Capacity is that of full batches. Requests that come one at a time cost the service of the light
encoder more: in a trial a sixth, so that at 70 % of capacity the core was busy for 82 % of the
time. If others slow the machine down by a sixth for a tenth of a second, there is a queue for
longer. In the rounds of the trial without such a disturbance the 99th percentile was 2.4 to 3.5 ms
at a median of 1.4 ms. Tried against it: less work for each request, which reduced the median from
1.5 to 1.4 ms and left the disturbances; SCHED_BATCH for the thread of the event loop, which changed
nothing beyond the spread; the same for the thread that computes, a lower priority for it, and an
interpreter that switches threads after 0.2 ms in place of 5, all of which were no better in turns;
batches of at most 8 images instead of 32, which were no better; garbage
collections, the longest of which took 2.5 ms under load; and connections that are used before the
first request is due, because accepting 64 connections makes a queue."""

_SHARE = 0.7
_MAX_RATIO = 3.0
_CASES = (("att-chopra", "lfw"), ("faces-crops", "lfw"))


def measure(plan: Plan) -> Found:
    """Measure the 99th percentile, the median and their ratio."""
    figures, rows = [], []
    for model, name in _CASES:
        made, _ = pictures_of(plan, name)
        folder = requests_in(plan, "latency", bodies.verify_requests(made.files, model))
        with likewise(server_cores()) as server:
            capacity = saturated(plan, server, folder)().per_second
            for random, label in ((False, "equal intervals"), (True, "Poisson")):
                seen = [
                    send_steadily(
                        server.port, folder, _SHARE * capacity, plan.seconds, random=random
                    )
                    for _ in range(plan.rounds)
                ]
                case = f"{model}, {name}, {label}"
                ratio = Spread.of([each.p99_ms / each.p50_ms for each in seen])
                bar = None if random else _MAX_RATIO
                figures.append(Figure.of(f"p99 / p50, {case}", ratio, at_most=bar))
                rows.append((case, _SHARE * capacity, *_medians(seen)))
    columns = ("case", "requests/s", "p50, ms", "p99, ms", "late p99, ms")
    return Found(
        tuple(figures), (Table("Latency from when a request was due", columns, tuple(rows)),)
    )


def _medians(seen: list[SteadyLoad]) -> tuple[float, float, float]:
    return (
        statistics.median(each.p50_ms for each in seen),
        statistics.median(each.p99_ms for each in seen),
        statistics.median(each.late_p99_ms for each in seen),
    )
