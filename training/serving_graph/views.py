"""Several views of one image: what they show, and the input that holds them all.

An encoder that was trained on crops of many scales sees a little more in two of them than in one.
Training knows nothing of views; the exported graph cuts them out: see `viewed_encoder`.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.manifest import InputSpec
from training.config.view import View


def served_input(spec: InputSpec, views: Sequence[View]) -> InputSpec:
    """The input of a graph that cuts its views itself.

    Args:
        spec: What the encoder takes.
        views: None for the encoder alone.

    Returns:
        The widest view, at a size at which the narrowest has as many pixels as the encoder takes.
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
