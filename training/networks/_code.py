"""Final layer of networks whose signs are a code."""

from torch import nn


def final_norm(dim: int, spread: float | None) -> list[nn.Module]:
    """Build a batch normalisation (Ioffe, Szegedy 2015) whose learned scale starts at `spread`.

    Without it the activations of all images start with the same signs, and a loss of codes hardly
    separates them. `spread` is each activation's initial standard deviation; None for no layer.

    Raises:
        ValueError: `spread` is not positive.
    """
    if spread is None:
        return []
    if not spread > 0:
        raise ValueError("the spread of activations must be positive")
    layer = nn.BatchNorm1d(dim)
    nn.init.constant_(layer.weight, spread)
    return [layer]
