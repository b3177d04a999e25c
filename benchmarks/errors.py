"""The tree of errors.

BenchmarkError
├── ToolMissingError     a program is not installed
├── LoadRefusedError     requests failed, or the load generator itself was too slow
├── ServerFailedError    a server did not start or did not stop
├── ContainerFailedError a container did not start, or a podman command failed
└── PeerMissingError     the virtual environment of a peer could not be made
"""


class BenchmarkError(Exception):
    """A benchmark gave no figure; the message gives the reason and the remedy."""


class ToolMissingError(BenchmarkError):
    """A program that the benchmarks run is not installed."""


class LoadRefusedError(BenchmarkError):
    """A run is invalid: requests failed, or the sender fell behind its schedule."""


class ServerFailedError(BenchmarkError):
    """A server did not become ready, or did not stop on SIGTERM."""


class ContainerFailedError(BenchmarkError):
    """A container did not become ready, or podman failed."""


class PeerMissingError(BenchmarkError):
    """A peer could not be installed."""
