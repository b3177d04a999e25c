"""Early stopping, decided from the history alone, so that a resumed run decides the same."""

from collections.abc import Mapping, Sequence

MEASURE = "calibration EER"
"""Entry of the history that is minimised."""


def best_epoch(history: Sequence[Mapping[str, float]]) -> int:
    """Return the first epoch with the lowest calibration EER, counted from 1; 0 without epochs."""
    measured = [epoch[MEASURE] for epoch in history]
    return measured.index(min(measured)) + 1 if measured else 0


def is_over(history: Sequence[Mapping[str, float]], patience: int | None) -> bool:
    """Return True if the last `patience` epochs are no better than the best one before them."""
    return patience is not None and len(history) - best_epoch(history) >= patience
