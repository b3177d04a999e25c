"""Growth of the cost with image size, batch, workers and requests in flight."""

from collections.abc import Sequence

from benchmarks.host.cores import both_cores, server_cores
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Cell, Found, Plot, Table
from benchmarks.servers.server import likewise
from benchmarks.trials.contest import pictures_of, requests_in, saturated
from benchmarks.trials.rounds import alternate, rate

ABOUT = """\
Requests per second of /verify (images per second of /embed) as one quantity grows; the rest is one
worker on one core, LFW pictures and 16 requests in flight. Where the number of workers grows, they
share both cores with wrk."""

_MODELS = ("att-chopra", "faces-crops")
_SIZES = {
    "att": 92 * 112,
    "lfw": 160 * 160,
    "photo-320x240": 320 * 240,
    "photo-640x480": 640 * 480,
    "photo-1280x720": 1280 * 720,
    "photo-1920x1080": 1920 * 1080,
}
_BATCHES = (1, 2, 4, 8, 16, 32)
_WORKERS = (1, 2)
_IN_FLIGHT = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_MAX_WAITING = 1024
"""Limit of waiting jobs, large enough that 256 requests in flight are accepted."""

Points = list[tuple[float, float]]


def measure(plan: Plan) -> Found:
    """Measure each series, and return a plot and a table for each."""
    grown = {
        "size": ("Image size", "pixels of each image", "requests/s", _by_size, True),
        "batch": ("Batch", "images in one call of /embed", "images/s", _by_batch, True),
        "workers": ("Workers", "workers on both cores", "requests/s", _by_workers, False),
        "in-flight": ("Concurrency", "requests in flight", "requests/s", _by_in_flight, True),
    }
    plots, tables = [], []
    for name, (title, x, y, of, log) in grown.items():
        lines = {model: of(plan, model) for model in _MODELS}
        plots.append(Plot(name, title, x, y, {m: tuple(p) for m, p in lines.items()}, log))
        xs = [point[0] for point in lines[_MODELS[0]]]
        rows = tuple(_row(model, points) for model, points in lines.items())
        tables.append(Table(f"{title}: {y}", (x, *(f"{value:g}" for value in xs)), rows))
    return Found(tables=tuple(tables), plots=tuple(plots))


def _row(model: str, points: Points) -> tuple[Cell, ...]:
    return (model, *(y for _, y in points))


def _by_size(plan: Plan, model: str) -> Points:
    points = []
    for name, pixels in _SIZES.items():
        made, _ = pictures_of(plan, name)
        requests = bodies.verify_requests(made.files, model)
        points.append((float(pixels), _rate(plan, requests)))
    return points


def _by_batch(plan: Plan, model: str) -> Points:
    made, _ = pictures_of(plan, "lfw")
    return [
        (
            float(batch),
            batch * _rate(plan, bodies.embed_requests(made.files, model, batch), 4),
        )
        for batch in _BATCHES
    ]


def _by_workers(plan: Plan, model: str) -> Points:
    made, _ = pictures_of(plan, "lfw")
    requests = bodies.verify_requests(made.files, model)
    return [(float(workers), _rate(plan, requests, workers=workers)) for workers in _WORKERS]


def _by_in_flight(plan: Plan, model: str) -> Points:
    made, _ = pictures_of(plan, "lfw")
    requests = bodies.verify_requests(made.files, model)
    return [(float(count), _rate(plan, requests, count)) for count in _IN_FLIGHT]


def _rate(
    plan: Plan, requests: Sequence[bodies.Request], connections: int = 16, workers: int = 0
) -> float:
    """Requests per second of one worker on its own core, or of `workers` on those of wrk too."""
    cores, generator = (both_cores(), both_cores()) if workers else (server_cores(), None)
    folder = requests_in(plan, "growth", requests)
    with likewise(cores, {"workers": workers or 1, "max_waiting": _MAX_WAITING}) as server:
        busy = saturated(plan, server, folder, connections, generator)
        return rate(alternate({"service": busy}, plan.rounds)["service"]).median
