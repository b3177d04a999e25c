"""The page docs/identification.md: quoted identification rates beside those of drawn galleries."""

from collections.abc import Sequence
from pathlib import Path

from training.templates.render import render
from training.trust.open_set_record import Cell, Measured, OpenSetRecord
from training.trust.page import rate, share

_DASH = "–"


def write_open_set_page(records: Sequence[OpenSetRecord], out: Path) -> None:
    """Write the page of some records."""
    cells = [cell for record in records for cell in record.cells if cell.quoted_fpir]
    apart = [cell.halves for cell in cells if cell.halves is not None]
    alone = [cell.inside for cell in cells if cell.inside is not None]
    page = render(
        "identification.md.j2",
        records=records,
        cells=len(cells),
        fpir_inside=sum(cell.fpir_holds is True for cell in cells),
        fnir_inside=sum(cell.fnir_holds is True for cell in cells),
        fnmr_inside=sum(cell.fnmr_holds is True for cell in cells),
        halves=share(sum(apart) / len(apart)) if apart else _DASH,
        inside=share(sum(alone) / len(alone)) if alone else _DASH,
        target=target,
        measured=measured,
        verdict=verdict,
        share=share,
        span=span,
    )
    out.write_text(page, encoding="utf-8")


def target(cell: Cell) -> str:
    """Name of the threshold of a cell."""
    return "default" if cell.target_fpir is None else f"FPIR {share(cell.target_fpir)}"


def measured(found: Measured | None) -> str:
    """Format a rate with its interval; a dash for None."""
    return _DASH if found is None else rate(found.rate, found.interval)


def span(ends: tuple[float, float]) -> str:
    """Format two shares as a range."""
    low, high = ends
    return f"{share(low).removesuffix(' %')}{_DASH}{share(high)}"


def verdict(holds: bool | None) -> str:
    """Word for whether a quoted interval holds a real rate."""
    return {True: "inside", False: "**outside**", None: "not quoted"}[holds]
