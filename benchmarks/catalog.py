"""The benchmarks by name, in the order of the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.measurements import (
    ablations,
    compare,
    cuda,
    encoder,
    gateways,
    growth,
    latency,
    loop,
    memory,
    peers,
    soak,
    start,
    verify,
)
from benchmarks.measurements.bulk import embedding
from benchmarks.measurements.galleries import postgres, sqlite
from benchmarks.plan import Plan
from benchmarks.result import Found


@dataclass(frozen=True)
class Benchmark:
    """One benchmark: its heading, its text, and its measurement."""

    title: str
    about: str
    measure: Callable[[Plan], Found]


BENCHMARKS: Mapping[str, Benchmark] = {
    "verify": Benchmark("Against the ceiling", verify.ABOUT, verify.measure),
    "peers": Benchmark("Against others", peers.ABOUT, peers.measure),
    "latency": Benchmark("Latency at 70 % of capacity", latency.ABOUT, latency.measure),
    "loop": Benchmark("The event loop while large bodies arrive", loop.ABOUT, loop.measure),
    "start": Benchmark("Cold start", start.ABOUT, start.measure),
    "memory": Benchmark("Memory", memory.ABOUT, memory.measure),
    "soak": Benchmark("Hostile requests among many", soak.ABOUT, soak.measure),
    "compare": Benchmark("/compare", compare.ABOUT, compare.measure),
    "gallery": Benchmark("Searches of a gallery", sqlite.ABOUT, sqlite.measure),
    "gallery-postgres": Benchmark(
        "Searches of a gallery in PostgreSQL", postgres.ABOUT, postgres.measure
    ),
    "bulk": Benchmark("Bulk embedding", embedding.ABOUT, embedding.measure),
    "bulk-memory": Benchmark(
        "Memory of bulk embedding", embedding.ABOUT_MEMORY, embedding.measure_memory
    ),
    "encoder": Benchmark("The encoders", encoder.ABOUT, encoder.measure),
    "precision": Benchmark(
        "int8 in place of float32", verify.ABOUT_PRECISION, verify.measure_precision
    ),
    "domain": Benchmark("Cost of the domain check", verify.ABOUT_DOMAIN, verify.measure_domain),
    "cuda": Benchmark("On a GPU", cuda.ABOUT, cuda.measure),
    "growth": Benchmark("How cost grows", growth.ABOUT, growth.measure),
    "gateways": Benchmark("Gateways", gateways.ABOUT, gateways.measure),
    "ablations": Benchmark("What each choice gives", ablations.ABOUT, ablations.measure),
}
