"""Plots of a report, as SVG whose colours are the page's, light or dark."""

import math
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from model.manifest import Curve
from training.metrics.pairs import PairEnergies
from training.metrics.plots import deviate_axes, svg
from training.metrics.reliability import ReliabilityBin

COLOURS = {
    "ink": "#010101",
    "soft": "#020202",
    "line": "#030303",
    "genuine": "#040404",
    "impostor": "#050505",
    "accent": "#060606",
}
"""Stand-ins that become the page's CSS variables of these names."""
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["soft"],
    "axes.edgecolor": COLOURS["line"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": COLOURS["line"],
    "ytick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["soft"],
    "ytick.labelcolor": COLOURS["soft"],
    "grid.color": COLOURS["line"],
    "legend.frameon": False,
}
_SIZE = (7.0, 4.2)
_BINS = 80


@mpl.rc_context(_STYLE)
def energies(pairs: PairEnergies, thresholds: dict[str, float]) -> str:
    """Plot the energies of genuine and impostor pairs, with thresholds by name."""
    figure, axes = _figure()
    low = min(0.0, float(pairs.all_energies.min()))
    edges = np.linspace(low, float(pairs.all_energies.max()), _BINS).tolist()
    for kind, values in (("genuine", pairs.genuine), ("impostor", pairs.impostor)):
        shares = np.full(len(values), 100 / len(values))
        colour = COLOURS[kind]
        label = f"{kind} pairs"
        axes.hist(values, edges, weights=shares, color=colour, alpha=0.6, label=label)
    for name, threshold in thresholds.items():
        axes.axvline(threshold, color=COLOURS["ink"], linewidth=1, linestyle="--")
        axes.annotate(
            name,
            (threshold, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-3, -4),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
        )
    axes.set(xlabel="energy (small: same)", ylabel="pairs of each kind, %")
    axes.legend(loc="upper left")  # "best" searches all bars, slowly
    return _themed(figure)


@mpl.rc_context(_STYLE)
def det(curve: Curve, points: dict[str, tuple[float, float]]) -> str:
    """Plot FNMR against FMR on normal-deviate axes (Martin et al. 1997), with 95 % intervals.

    Args:
        curve: Rates at rising thresholds.
        points: FMR and FNMR of operating points, by name.
    """
    figure, axes = _figure()
    fmr, fnmr = np.array([(rates.fmr, rates.fnmr) for rates in curve.rates]).T
    inside = (fmr > 0) & (fmr < 1) & (fnmr > 0) & (fnmr < 1)
    low, high = (
        np.array([rates.fnmr_interval for rates in curve.rates])[inside].clip(1e-6, 1 - 1e-6).T
    )
    x = norm.ppf(fmr[inside])
    axes.plot(x, norm.ppf(fnmr[inside]), color=COLOURS["accent"], label="measured")
    label = "95 % interval of FNMR"
    axes.fill_between(
        x, norm.ppf(low), norm.ppf(high), color=COLOURS["accent"], alpha=0.2, lw=0, label=label
    )
    deviate_axes(axes)
    for name, (x_rate, y_rate) in points.items():
        if 0 < x_rate < 1 and 0 < y_rate < 1:
            at = norm.ppf(x_rate), norm.ppf(y_rate)
            axes.plot(*at, "o", color=COLOURS["ink"])
            axes.annotate(name, at, xytext=(7, 5), textcoords="offset points")
    axes.set(xlabel="FMR: two identities taken for one", ylabel="FNMR: one identity taken for two")
    axes.legend(loc="upper right")
    return _themed(figure)


@mpl.rc_context(_STYLE)
def reliability(bins: tuple[ReliabilityBin, ...]) -> str:
    """Plot the likelihood ratios that were found against those claimed, with 95 % intervals."""
    figure, axes = _figure()
    finite = [one for one in bins if math.isfinite(one.actual)]
    values = [value for one in finite for value in (one.claimed, one.actual)]
    low, high = min([-1.0, *values]) - 0.3, max([1.0, *values]) + 0.3
    axes.plot((low, high), (low, high), "--", lw=1, color=COLOURS["soft"], label="found as claimed")
    x, y = ([getattr(one, name) for one in finite] for name in ("claimed", "actual"))
    below = [min(one.actual - one.interval[0], one.actual - low) for one in finite]
    above = [min(one.interval[1] - one.actual, high - one.actual) for one in finite]
    label = "found, 95 % interval"
    axes.errorbar(x, y, (below, above), color=COLOURS["accent"], fmt="o", capsize=3, label=label)
    ticks = range(math.ceil(low), math.floor(high) + 1)
    axes.set_xticks(ticks, [_power(tick) for tick in ticks])
    axes.set_yticks(ticks, [_power(tick) for tick in ticks])
    axes.set(xlabel="likelihood ratio claimed", ylabel="likelihood ratio found", xlim=(low, high))
    axes.set_ylim(low, high)
    axes.grid(alpha=0.5)
    axes.legend(loc="upper left")
    return _themed(figure)


def _power(exponent: int) -> str:
    return f"{10**exponent:,}" if exponent >= 0 else f"1/{10**-exponent:,}"


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    return figure, figure.subplots()


def _themed(figure: Figure) -> str:
    """Render a figure as SVG with the page's colours and font."""
    text = svg(figure)
    for name, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    return text
