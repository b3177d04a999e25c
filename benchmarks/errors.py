"""Why a benchmark gives no figure.

BenchmarkError
├── ToolMissingError     something that is not installed
├── LoadRefusedError     a run with failed requests, or a sender that was itself too slow
├── ServerFailedError    a server that did not start, or did not stop
├── ContainerFailedError a container that did not start, or a command of podman's that failed
└── PeerMissingError     a peer whose virtual environment could not be made
"""

from __future__ import annotations


class BenchmarkError(Exception):
    """A benchmark gave no figure; the message says why, and what to do."""


class ToolMissingError(BenchmarkError):
    """A program that the harness runs is not installed."""


class LoadRefusedError(BenchmarkError):
    """A run that cannot be counted: requests failed, or the sender fell behind its own clock."""


class ServerFailedError(BenchmarkError):
    """A server did not become ready, or did not stop when told."""


class ContainerFailedError(BenchmarkError):
    """A container did not become ready, or podman refused."""


class PeerMissingError(BenchmarkError):
    """A peer could not be installed."""
