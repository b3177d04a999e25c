"""Input of a graph with several views: crops of an image that are embedded and averaged.

An encoder that was trained on crops of many scales is more accurate on two of them than on one
(test-time augmentation). Training does not use views; the graph cuts them out: see `multi_view`.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.manifest import InputSpec
from training.config.view import View


def served_input(spec: InputSpec, views: Sequence[View]) -> InputSpec:
    """Return the input of a graph that cuts out its views.

    Args:
        spec: Input of the encoder.
        views: The views; empty for the encoder alone.

    Returns:
        The widest view, at a size at which the narrowest has the encoder's size.
    """
    if not views:
        return spec
    shares = [view.middle for view in views]
    scale = max(shares) / min(shares)
    return spec.model_copy(
        update={
            "width": round(spec.width * scale),
            "height": round(spec.height * scale),
            "middle": max(shares),
        }
    )
