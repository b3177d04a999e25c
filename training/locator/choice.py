"""The threshold of a locator and its figures, from trials of things that it was not trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.locating.locator import Locator
from model.schema.locator import LocatorSpec
from training.locator import trials
from training.locator.backgrounds import make_backgrounds
from training.locator.config import LocatorConfig

Find = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

FLOOR: Final = 0.05
"""Scores below are not looked at; no threshold is lower."""
_GRID = np.arange(FLOOR, 0.951, 0.01)
_SEED = 1
_EMPTY = 400
"""Pictures with nothing in them, at most."""


@dataclass(frozen=True)
class Chosen:
    """A threshold, and the figures of the locator with it, by name."""

    threshold: float
    measured: dict[str, float]


def choose(
    spec: LocatorSpec, find: Find, pictures: NDArray[np.uint8], config: LocatorConfig
) -> Chosen:
    """Choose the threshold with the fewest failures, and measure the locator with it.

    Failures are aligned pictures and photographs in which not exactly one thing is located, in the
    right place, and photographs with nothing in them in which something is; each kind of picture
    counts alike. `pictures` are aligned, uint8 (n, source, source, 3), and not trained on.
    """
    locator = Locator(spec.model_copy(update={"threshold": FLOOR}), find)
    seed = config.seed + _SEED
    count = min(_EMPTY, 2 * len(pictures))
    backgrounds = make_backgrounds(pictures, config.core, count, seed)
    aligned = trials.run(locator, trials.aligned(pictures))
    photographs = trials.run(locator, trials.photographs(pictures, backgrounds, config, seed))
    empty = trials.run(locator, trials.empty(backgrounds))
    failures = [
        2 - aligned.acquired(each) - photographs.acquired(each) + empty.found(each)
        for each in _GRID
    ]
    # The middle of the best thresholds, where several are.
    best = _GRID[np.isclose(failures, min(failures), atol=1e-9)]
    threshold = round(float(best[len(best) // 2]), 2)
    return Chosen(
        threshold,
        {
            "calibration_pictures": float(len(pictures)),
            "aligned_acquired": aligned.acquired(threshold),
            "photographs_acquired": photographs.acquired(threshold),
            "empty_found": empty.found(threshold),
            **_errors("aligned", aligned, threshold),
            **_errors("photographs", photographs, threshold),
        },
    )


def _errors(name: str, findings: trials.Findings, threshold: float) -> dict[str, float]:
    """Median errors of what is located in the right place."""
    good = (findings.first >= threshold) & (findings.centre < trials.NEAR)
    if not good.any():
        return {}
    values = {
        "centre_error": findings.centre,
        "side_error": findings.side,
        "turn_error_degrees": findings.turn,
    }
    return {
        f"{name}_median_{what}": round(float(np.median(error[good])), 4)
        for what, error in values.items()
    }
