"""How long and how often a benchmark measures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """The choices of one run.

    Attributes:
        seconds: The length of one round of one contender.
        rounds: How often each contender has its turn.
        data: The folder of `att_faces.zip` and `lfw/`; drawn pictures are used where it lacks them.
        workspace: A folder for bodies and pictures, emptied by the caller.
        requests: The requests of the memory benchmark.
    """

    seconds: float
    rounds: int
    data: Path
    workspace: Path
    requests: int = 20_000

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.rounds < 1 or self.requests < 1:
            raise ValueError("seconds, rounds and requests must be positive")
