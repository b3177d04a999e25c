"""Resident memory over many mixed requests."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.host import processes
from benchmarks.host.cores import server_cores
from benchmarks.load.wrk import Pressure, saturate
from benchmarks.payloads import bodies
from benchmarks.payloads.bodies import Request
from benchmarks.plan import Plan
from benchmarks.result import Figure, Found, Plot
from benchmarks.servers.server import Server, likewise
from benchmarks.trials.contest import pictures_of, requests_in
from benchmarks.trials.rounds import Spread

ABOUT = """\
Resident memory of one worker with every shipped bundle over mixed requests from 32 connections:
/verify of faces, of photographs and of PNGs, /embed of 1 to 16 images, most of them by the light
encoder, and some requests that are refused (not an image, or a truncated one). Flat means: after
the first tenth, by which the arenas have reached their size, minimum and maximum are within 5 % of
the median."""

_MAX_MB = 250.0
_MAX_STRAY = 0.05
_CONNECTIONS = 32

Points = list[tuple[float, float]]


def measure(plan: Plan) -> Found:
    """Measure the largest resident memory, and its largest distance from the median."""
    good, bad = good_requests(plan), bad_requests(plan)
    requests = mix(good, bad)
    folder = requests_in(plan, "memory", requests)
    with likewise(server_cores(), {"max_waiting": 4 * _CONNECTIONS}) as server:
        points = _watch(plan, server, folder, len(bad) / len(requests))
    settled = [mb for count, mb in points if count > plan.requests / 10]
    spread = Spread.of(settled)
    strays = max(spread.high - spread.median, spread.median - spread.low) / spread.median
    figures = (
        Figure(
            "resident memory of a worker, greatest",
            max(mb for _, mb in points),
            "MB",
            at_most=_MAX_MB,
        ),
        Figure(
            f"strays from its median over {points[-1][0]:,.0f} requests",
            100 * strays,
            "%",
            at_most=100 * _MAX_STRAY,
        ),
    )
    lines = {"worker": tuple(points)}
    plot = Plot("memory", "Resident memory of a worker", "requests answered", "MB", lines)
    return Found(figures, plots=(plot,))


def good_requests(plan: Plan) -> list[Request]:
    """Return valid requests of many sizes and formats."""
    faces, photos, drawings = (
        pictures_of(plan, name)[0].files for name in ("lfw", "photo-640x480", "att-png")
    )
    return [
        *bodies.verify_requests(faces[:16], "faces-crops"),
        *bodies.verify_requests(faces, "att-chopra"),
        *bodies.verify_requests(photos[:8], "faces-crops"),
        *bodies.verify_requests(drawings, "att-chopra"),
        *bodies.embed_requests(faces[:4], "faces-crops", 1),
        *bodies.embed_requests(photos[:16], "att-chopra", 4),
        *bodies.embed_requests(faces[:16], "faces-crops", 16),
    ]


def bad_requests(plan: Plan) -> list[Request]:
    """Return requests that must be refused: no image, and truncated images."""
    faces = pictures_of(plan, "lfw")[0].files
    broken = (b"not an image", faces[0], faces[1][:900], faces[2], faces[3], faces[4][:-500])
    return bodies.verify_requests([*broken, b"\xff\xd8", faces[5]])


def mix(good: Sequence[Request], bad: Sequence[Request]) -> list[Request]:
    """Return the bad requests spread evenly among the good ones."""
    every = -(-len(good) // len(bad))
    parts = [[one, *good[index * every : (index + 1) * every]] for index, one in enumerate(bad)]
    return [request for part in parts for request in part]


def _watch(plan: Plan, server: Server, folder: Path, refused: float) -> Points:
    """Return the resident MB after each count of answered requests."""
    pressure = Pressure(plan.seconds, _CONNECTIONS, expected_refusals=refused)
    points, answered = [], 0
    while answered < plan.requests:
        load = saturate(server.url, folder, pressure)
        answered += load.requests
        points.append((float(answered), processes.largest_resident_mb(server.pid)))
    return points
