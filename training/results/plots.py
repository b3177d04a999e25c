"""Plots of the page of results, as SVG."""

import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.stats import norm

from training.metrics.det import DetCurve
from training.metrics.plots import deviate_axes, svg
from training.results.verdict import ONE_SIDED_95, Verdict

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Palette of Okabe and Ito, for colour-blind readers; without yellow, too faint on white."""
_STYLES = ("-", "--", "-.", ":")
_SMALLEST = 1e-4
"""Start of the axes: an error of 0 has no place on a logarithmic or a deviate axis."""
_LARGEST = 0.8
_MAX_BANDS = 2
"""Intervals of more systems would hide one another."""
_LABEL = 52
_VERDICTS = {
    Verdict.MET: (_COLOURS[0], "full"),
    Verdict.EQUAL: (_COLOURS[-1], "left"),
    Verdict.MISSED: (_COLOURS[1], "none"),
    Verdict.OPEN: ("grey", "none"),
}
"""Colour and filling of the dot of each verdict."""
_MEANINGS = {
    Verdict.MET: "met",
    Verdict.EQUAL: "equal: the bar lies within the bounds",
    Verdict.MISSED: "missed",
    Verdict.OPEN: "open: no standard error",
}


@dataclass(frozen=True)
class Dot:
    """A measured value beside its bar, both as errors: an accuracy as 1 minus itself.

    Attributes:
        label: What was measured.
        text: The value and its bar, in words.
        error: In [0, 1].
        bar: The largest error that meets the bar.
        verdict: On the error beside the bar.
        standard_error: Of the value, over samples and seeds; None where it has none.
        deviation: Standard deviation over seeds; None for one seed.
    """

    label: str
    text: str
    error: float
    bar: float
    verdict: Verdict
    standard_error: float | None
    deviation: float | None


def det_svg(systems: Mapping[str, Sequence[DetCurve]]) -> str:
    """Draw DET curves of systems of one protocol, on normal-deviate axes (Martin et al. 1997).

    Each system has a curve for each seed. Bands are 95 % intervals of the FNMR, drawn for few
    systems of one seed.
    """
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = figure.subplots()
    deviate_axes(axes)
    span = norm.ppf((_SMALLEST, _LARGEST))
    axes.plot(span, span, color="grey", linewidth=0.8, linestyle=(0, (1, 3)))
    for i, (name, curves) in enumerate(systems.items()):
        colour, style = _COLOURS[i % len(_COLOURS)], _STYLES[i % len(_STYLES)]
        for curve in curves:
            points = norm.ppf(_without_ends(curve.fmr)), norm.ppf(_without_ends(curve.fnmr))
            axes.plot(*points, color=colour, linestyle=style)
        axes.plot([], [], color=colour, linestyle=style, label=name)
        if len(systems) <= _MAX_BANDS and len(curves) == 1:
            _band(axes, curves[0], colour)
    axes.set(xlim=span, ylim=span, aspect="equal")
    axes.legend(loc="upper right", fontsize=8)
    return _as_text(figure)


def bars_svg(dots: Sequence[Dot]) -> str:
    """Draw each value as a dot beside its bar, on a logarithmic axis of errors.

    A thick line is the standard deviation over seeds to both sides, a thin one ends at the
    one-sided 95 % bounds that the verdict is by.
    """
    figure = Figure(figsize=(9.0, 1.2 + 0.55 * len(dots)), layout="constrained")
    axes = figure.subplots()
    for row, dot in enumerate(dots):
        _draw_dot(axes, row, dot)
    rows = range(len(dots))
    axes.set_xscale("log")
    axes.set_yticks(rows, [textwrap.fill(dot.label, _LABEL) for dot in dots], fontsize=7)
    axes.set(ylim=(len(dots) - 0.5, -0.5), xlabel="error; of an accuracy, what it lacks of 100 %")
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, _SMALLEST), min(high, 1))
    ticks = [t for t in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if low <= t <= high]
    axes.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    axes.minorticks_off()
    axes.grid(axis="x", alpha=0.3)
    words = axes.secondary_yaxis("right")
    words.set_yticks(rows, [dot.text for dot in dots], fontsize=7)
    _legend(figure, {dot.verdict for dot in dots})
    return _as_text(figure)


def _as_text(figure: Figure) -> str:
    """Return an SVG with letters as text instead of outlines: a fifth of the bytes."""
    with mpl.rc_context({"svg.fonttype": "none"}):
        return svg(figure)


def _without_ends(rates: Sequence[float]) -> NDArray[np.float64]:
    """Replace rates of 0 and 1, which have no normal deviate, by NaN: gaps in the line."""
    found = np.array(rates, dtype=np.float64)
    return np.where((found > 0) & (found < 1), found, np.nan)


def _band(axes: Axes, curve: DetCurve, colour: str) -> None:
    fmr = _without_ends(curve.fmr)
    inside = ~np.isnan(fmr * _without_ends(curve.fnmr))
    low, high = (
        norm.ppf(np.clip(ends, _SMALLEST / 10, 1 - _SMALLEST))
        for ends in (curve.fnmr_low, curve.fnmr_high)
    )
    axes.fill_between(norm.ppf(fmr), low, high, where=inside, color=colour, alpha=0.15, linewidth=0)


def _draw_dot(axes: Axes, row: int, dot: Dot) -> None:
    colour, filling = _VERDICTS[dot.verdict]
    bounds = ONE_SIDED_95 * (dot.standard_error or 0)
    for spread, width in ((bounds, 1.2), (dot.deviation or 0, 4.0)):
        if spread:
            ends = [max(dot.error - spread, _SMALLEST), dot.error + spread]
            axes.plot(ends, [row, row], color=colour, linewidth=width, solid_capstyle="butt")
    axes.plot([dot.bar, dot.bar], [row - 0.3, row + 0.3], color="black", linewidth=1.6)
    place = max(dot.error, _SMALLEST), row
    axes.plot(*place, color=colour, **_marker(filling))


def _marker(filling: str) -> dict[str, Any]:
    """Return the style of a dot that is full, half full or empty."""
    return {"marker": "o", "markersize": 7, "fillstyle": filling, "markerfacecoloralt": "white"}


def _legend(figure: Figure, verdicts: Collection[Verdict]) -> None:
    dots = [
        Line2D([], [], linestyle="none", color=colour, label=_MEANINGS[each], **_marker(filling))
        for each, (colour, filling) in _VERDICTS.items()
        if each in verdicts
    ]
    bar = Line2D([], [], color="black", linewidth=1.6, label="the bar; left of it is better")
    figure.legend(
        handles=[*dots, bar],
        loc="outside lower center",
        ncols=len(dots) + 1,
        fontsize=8,
        frameon=False,
    )
