"""Signs for the tests: light squares with one dark corner, aligned, in any colours."""

import numpy as np

from training.locator.config import LocatorConfig

TINY = LocatorConfig(
    name="signs",
    summary="Signs.",
    source=32,
    canvas=64,
    sides=(20.0, 90.0),
    turn=20,
    core=0.7,
    mirrored=False,
    widths=(8, 16, 16, 16),
    depths=(0, 1, 1),
    levels=(64, 128),
    refine_side=None,
    backgrounds=32,
    steps=100,
    batch=16,
    learning_rate=1e-2,
)


def sign(seed, side=32):
    """A picture of a sign that fills the middle three quarters, uint8 (side, side, 3)."""
    draw = np.random.default_rng([5, seed])
    picture = np.empty((side, side, 3), np.uint8)
    picture[:] = draw.integers(0, 256, 3)
    low, high = side // 8, side - side // 8
    picture[low:high, low:high] = draw.integers(180, 256, 3)
    middle = side // 2
    picture[low + 2 : middle, low + 2 : middle] = draw.integers(0, 60, 3)
    return picture


def spot(across, down, side=32):
    """A black picture with a white disc at a place, in half sides from the centre."""
    position = (np.arange(side) + 0.5) / side * 2 - 1
    disc = np.hypot(position[None, :] - across, position[:, None] - down) < 0.22
    return np.repeat(np.where(disc, 255, 0).astype(np.uint8)[:, :, None], 3, axis=2)
