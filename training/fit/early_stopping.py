"""When a training has stopped getting better, read off its history alone, so that it resumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MEASURE = "calibration EER"
"""What must fall."""


def best_epoch(history: Sequence[Mapping[str, float]]) -> int:
    """The first epoch with the lowest calibration EER, counted from 1; of no epochs, 0."""
    measured = [epoch[MEASURE] for epoch in history]
    return measured.index(min(measured)) + 1 if measured else 0


def is_over(history: Sequence[Mapping[str, float]], patience: int | None) -> bool:
    """Whether the last `patience` epochs have brought nothing better than the one before them."""
    return patience is not None and len(history) - best_epoch(history) >= patience
