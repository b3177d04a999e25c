"""Plot of a map as one SVG: a panel for each method, a colour for each identity."""

import math

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.metrics.plots import svg
from training.projection.map import Map, Panel
from training.templates.render import percent

_COLUMNS = 5
_SIDE = 2.2


def map_svg(drawn: Map) -> str:
    """Draw a map; the same map gives the same bytes."""
    rows = math.ceil(len(drawn.panels) / _COLUMNS)
    figure = Figure(figsize=(_COLUMNS * _SIDE, rows * (_SIDE + 0.35)), layout="constrained")
    axes = np.ravel(figure.subplots(rows, _COLUMNS, squeeze=False))
    for axis in axes[len(drawn.panels) :]:
        axis.remove()
    for axis, panel in zip(axes, drawn.panels, strict=False):
        _draw(axis, panel, np.array(drawn.identity), len(drawn.identities))
    return svg(figure)


def _draw(axes: Axes, panel: Panel, identity: np.ndarray, identities: int) -> None:
    points = np.array(panel.points)
    colours = mpl.colormaps["tab10" if identities <= 10 else "tab20"]  # noqa: PLR2004 (its colours)
    for i in range(identities):
        own = points[identity == i]
        axes.plot(own[:, 0], own[:, 1], ".", color=colours(i % colours.N), markersize=4)
    axes.set_title(
        f"{panel.method}\n{percent(panel.accuracy)} right, trust {panel.trustworthiness:.2f}",
        fontsize=7,
    )
    axes.set(xticks=[], yticks=[])
