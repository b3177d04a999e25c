"""Early stopping, decided from the history alone, so that a resumed run decides the same."""

from collections.abc import Mapping, Sequence

MEASURE = "calibration EER"
"""Entry of the history that is minimised."""


def best_epoch(history: Sequence[Mapping[str, float]]) -> int:
    """Return the last epoch with the lowest calibration EER, counted from 1; 0 without epochs.

    Few identities have few values of the EER, and of equal epochs the last is trained longest.
    """
    measured = [epoch[MEASURE] for epoch in history]
    return len(measured) - measured[::-1].index(min(measured)) if measured else 0


def is_over(history: Sequence[Mapping[str, float]], patience: int | None) -> bool:
    """Return True if the last `patience` epochs are no better than the best one before them."""
    measured = [epoch[MEASURE] for epoch in history]
    if patience is None or not measured:
        return False
    return len(measured) - measured.index(min(measured)) - 1 >= patience
