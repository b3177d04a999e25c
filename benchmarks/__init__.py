"""Benchmarks of the service: against the machine's ceiling, and against its peers.

`python -m benchmarks run NAME` measures and writes `benchmarks/results/NAME.json`;
`python -m benchmarks report` renders `docs/performance.md` from all of them. Every comparison is a
ratio of rounds that alternate on the same core, with the same encoder and the same images.
"""
