"""Draw the pictures of docs/concepts.md from the manifest of the default bundle.

    python -m scripts.concept_pictures

The colours are legible on white and on black.
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.bundle import open_bundle
from model.manifest import ErrorRates, Manifest, OperatingPoint
from model.scoring import log10_likelihood_ratio
from training.metrics.plots import svg

ROOT = Path(__file__).parents[1]
TO = ROOT / "docs" / "concepts"
GENUINE, IMPOSTOR, INK = "#0d9488", "#d97706", "#7a828c"
SIZE = (7.0, 2.9)
DOTS, ROWS = 1000, 20
DOT = 10
"""Distance of two dots, in pixels."""


def pictures(manifest: Manifest) -> dict[str, str]:
    """Return the SVG of each picture by file name; the same manifest gives the same bytes."""
    point = manifest.calibration.default_point
    return {
        "energies.svg": _energies(manifest, point),
        "dots.svg": _dots(point.test),
        "trade-off.svg": _trade_off(manifest, point.test),
        "likelihood.svg": _likelihood(manifest, point.threshold),
    }


def _energies(manifest: Manifest, point: OperatingPoint) -> str:
    histogram = manifest.calibration.histogram
    figure, axes = _blank()
    for shares, colour, name in (
        (histogram.genuine, GENUINE, "same (genuine pairs)"),
        (histogram.impostor, IMPOSTOR, "different (impostor pairs)"),
    ):
        axes.stairs(shares, histogram.edges, color=colour, linewidth=1.6, label=name)
        axes.stairs(shares, histogram.edges, color=colour, fill=True, alpha=0.18)
    edges = np.asarray(histogram.edges)
    for shares, colour, wrong in (
        (histogram.genuine, GENUINE, edges[:-1] >= point.threshold),
        (histogram.impostor, IMPOSTOR, edges[1:] <= point.threshold),
    ):
        axes.stairs(np.where(wrong, shares, 0.0), edges, color=colour, fill=True, alpha=0.6)
    axes.axvline(point.threshold, color=INK, linestyle="--")
    axes.text(point.threshold, axes.get_ylim()[1], "threshold ", color=INK, ha="right", va="top")
    axes.set(xlabel="energy", yticks=[])
    axes.legend(frameon=False, labelcolor=INK, loc="upper left")
    return svg(figure)


def _dots(rates: ErrorRates) -> str:
    figure = _figure()
    panels = figure.subplots(1, 2)
    for axes, colour, rate, title in (
        (panels[0], IMPOSTOR, rates.fmr, "1,000 pairs of different people: {} pass"),
        (panels[1], GENUINE, rates.fnmr, "1,000 pairs of one person: {} are missed"),
    ):
        wrong = round(DOTS * rate)
        kinds = (np.arange(DOTS) < wrong).reshape(-1, ROWS).T
        axes.imshow(_draw_dots(kinds, colour), interpolation="none")
        axes.set_title(title.format(wrong), fontsize=9, color=INK)
        axes.set_axis_off()
    return svg(figure)


def _draw_dots(kinds: NDArray[np.bool_], colour: str) -> NDArray[np.float64]:
    """Return a dot for each entry, (rows, columns), as pixels with transparency."""
    y, x = np.mgrid[0:DOT, 0:DOT] - (DOT - 1) / 2
    dot = (np.hypot(x, y) < 0.36 * DOT).astype(float)
    colours = np.array([to_rgba(INK, 0.35), to_rgba(colour)])[kinds.astype(int)]
    large = np.repeat(np.repeat(colours, DOT, axis=0), DOT, axis=1)
    large[..., 3] *= np.tile(dot, kinds.shape)
    return large


def _trade_off(manifest: Manifest, chosen: ErrorRates) -> str:
    rates = [at for at in manifest.accuracy.curve.rates if 0 < at.fmr < 1]
    figure, axes = _blank()
    fmr = [100 * at.fmr for at in rates]
    low, high = ([100 * at.fnmr_interval[end] for at in rates] for end in (0, 1))
    axes.fill_between(fmr, low, high, color=GENUINE, alpha=0.25, label="95 % interval")
    axes.plot(fmr, [100 * at.fnmr for at in rates], color=GENUINE, label="measured")
    axes.plot(100 * chosen.fmr, 100 * chosen.fnmr, "o", color=IMPOSTOR, label="operating point")
    axes.set(xscale="log", xlabel="false match rate, %", ylabel="false non-match rate, %")
    axes.legend(frameon=False, labelcolor=INK)
    return svg(figure)


def _likelihood(manifest: Manifest, threshold: float) -> str:
    figure, axes = _blank()
    energies = np.linspace(0, manifest.calibration.histogram.edges[-1], 400)
    ratios = log10_likelihood_ratio(manifest.calibration.likelihood_ratio, energies)
    axes.plot(energies, 10.0**ratios, color=GENUINE)
    axes.axhline(1, color=INK, linewidth=0.8)
    axes.axvline(threshold, color=INK, linestyle="--")
    axes.text(threshold, 2e4, " threshold at an FMR of 1 %", color=INK)
    axes.set(yscale="log", xlabel="energy", ylabel="likelihood ratio")
    return svg(figure)


def _figure() -> Figure:
    figure = Figure(figsize=SIZE, layout="constrained")
    figure.patch.set_alpha(0)
    return figure


def _blank() -> tuple[Figure, Axes]:
    figure = _figure()
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    axes.tick_params(colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(INK)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return figure, axes


def main() -> None:
    """Write the pictures."""
    TO.mkdir(exist_ok=True)
    manifest = open_bundle(ROOT / "model" / "bundles" / "faces").manifest
    for name, picture in pictures(manifest).items():
        (TO / name).write_text(picture, encoding="utf-8")
    print(f"wrote {TO.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
