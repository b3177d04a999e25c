"""Plots of a report, as SVG."""

import io

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from model.manifest import Curve
from training.metrics.pairs import PairEnergies

mpl.rcParams["svg.hashsalt"] = "likewise"  # The same values give the same bytes.
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
"""Metadata would contain the time, and addresses on the network."""
_SIZE = (7.0, 4.6)
_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_BINS = 80


def histogram(pairs: PairEnergies, thresholds: dict[str, float]) -> str:
    """Plot energies of genuine and impostor pairs, with the thresholds by name."""
    figure, axes = _figure()
    low = min(0.0, float(pairs.all_energies.min()))
    edges = np.linspace(low, float(pairs.all_energies.max()), _BINS).tolist()
    for energies, label in ((pairs.genuine, "genuine"), (pairs.impostor, "impostor")):
        shares = np.full(len(energies), 1 / len(energies))
        axes.hist(energies, edges, weights=shares, alpha=0.6, label=label)
    for name, threshold in thresholds.items():
        axes.axvline(threshold, color="black", linewidth=0.8, linestyle="--")
        top, units = (threshold, 0.98), ("data", "axes fraction")
        axes.annotate(name, top, xycoords=units, rotation=90, va="top", fontsize=8)
    axes.set(xlabel="energy", ylabel="share of pairs")
    axes.legend(loc="upper left")  # "best" searches all bars, slowly
    return svg(figure)


def roc(curve: Curve) -> str:
    """Plot the share of genuine pairs accepted against that of impostor pairs accepted."""
    figure, axes = _figure()
    fmr, fnmr = _rates(curve)
    axes.plot(fmr, 1 - fnmr, marker=".", markersize=3)
    axes.set_xscale("log")
    axes.set(xlabel="FMR", ylabel="1 − FNMR", ylim=(0, 1.01))
    axes.grid(alpha=0.3)
    return svg(figure)


def det(curve: Curve) -> str:
    """Plot FNMR against FMR on normal-deviate axes (Martin et al. 1997), with 95 % intervals."""
    figure, axes = _figure()
    fmr, fnmr = _rates(curve)
    inside = (fmr > 0) & (fmr < 1) & (fnmr > 0) & (fnmr < 1)
    low, high = (
        np.array([rates.fnmr_interval for rates in curve.rates])[inside].clip(1e-6, 1 - 1e-6).T
    )
    axes.plot(norm.ppf(fmr[inside]), norm.ppf(fnmr[inside]), marker=".", markersize=3)
    axes.fill_between(norm.ppf(fmr[inside]), norm.ppf(low), norm.ppf(high), alpha=0.2)
    deviate_axes(axes)
    return svg(figure)


def deviate_axes(axes: Axes) -> None:
    """Label axes for points that are normal deviates of FMR and FNMR."""
    ticks = [f"{100 * tick:g} %" for tick in _TICKS]
    axes.set_xticks(norm.ppf(_TICKS), ticks)
    axes.set_yticks(norm.ppf(_TICKS), ticks)
    axes.set(xlabel="FMR", ylabel="FNMR")
    axes.grid(alpha=0.3)


def _rates(curve: Curve) -> np.ndarray:
    """Return FMR and FNMR, (2, thresholds)."""
    return np.array([(rates.fmr, rates.fnmr) for rates in curve.rates]).T


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    return figure, figure.subplots()


def svg(figure: Figure) -> str:
    """Render a figure as an `<svg>` element; the same figure gives the same bytes."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
