"""Plots of the page as SVG; equal numbers give equal bytes."""

import io

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.result import Plot

_SIZE = (6.0, 3.4)
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_STYLE = {"svg.hashsalt": "likewise", "svg.fonttype": "none"}
"""Text stays text: smaller files, independent of the installed fonts."""


def draw(plot: Plot) -> str:
    """Return one plot as the text of an SVG file."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type] # its keys are literals
        figure = Figure(figsize=_SIZE, layout="tight")
        axes = figure.subplots()
        for name, points in plot.lines.items():
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
        if plot.log_x:
            axes.set_xscale("log", base=2)
        axes.set(title=plot.title, xlabel=plot.x, ylabel=plot.y)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(loc="best")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    return buffer.getvalue()
