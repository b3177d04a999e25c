"""Durations and counts of a benchmark run."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """Parameters of one run.

    Attributes:
        seconds: Duration of one round of one contender.
        rounds: Number of rounds of each contender.
        data: Folder of `att_faces.zip` and `lfw/`; drawn pictures replace missing data sets.
        workspace: Folder for bodies and pictures, emptied by the caller.
        requests: Number of requests of the memory benchmark and of the soak; of images of that of
            bulk work.
        hostile: Share of the soak's requests that are hostile.
        galleries: Folder that keeps filled galleries between runs; None for small ones of the run.
    """

    seconds: float
    rounds: int
    data: Path
    workspace: Path
    requests: int = 20_000
    hostile: float = 0.1
    galleries: Path | None = None

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.rounds < 1 or self.requests < 1:
            raise ValueError("seconds, rounds and requests must be positive")
        if not 0 <= self.hostile <= 1:
            raise ValueError("the share of hostile requests must be between 0 and 1")
