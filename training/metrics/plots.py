"""Axes of DET curves, and SVG that is the same for the same figure."""

import io

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

mpl.rcParams["svg.hashsalt"] = "likewise"  # The same values give the same bytes.
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
"""Metadata would contain the time, and addresses on the network."""
_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)


def deviate_axes(axes: Axes) -> None:
    """Label axes for points that are normal deviates of FMR and FNMR."""
    ticks = [f"{100 * tick:g} %" for tick in _TICKS]
    axes.set_xticks(norm.ppf(_TICKS), ticks)
    axes.set_yticks(norm.ppf(_TICKS), ticks)
    axes.set(xlabel="FMR", ylabel="FNMR")
    axes.grid(alpha=0.3)


def svg(figure: Figure) -> str:
    """Render a figure as an `<svg>` element; the same figure gives the same bytes."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
