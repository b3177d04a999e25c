"""Cost of the encoders, beside their accuracy."""

import re
from pathlib import Path

from app.settings import SHIPPED_BUNDLES
from benchmarks.host.cores import server_cores
from benchmarks.host.machine import ROOT
from benchmarks.plan import Plan
from benchmarks.result import Cell, Found, Table
from benchmarks.servers.ceiling import running_ceiling
from benchmarks.trials.contest import pictures_of
from benchmarks.trials.rounds import alternate, of_ceiling, rate
from model.bundle import read_manifest

ABOUT = """\
Images per second of one core, decoding included, in a plain loop; and the graph alone in each
precision beside its accuracy, from [Precision](precision.md), which `python -m training precisions`
measures."""

_BATCHES = (1, 2, 32)
_PAGE = ROOT / "docs" / "precision.md"


def measure(plan: Plan) -> Found:
    """Measure images per second by bundle and batch; add the table of precisions."""
    _, files = pictures_of(plan, "lfw")
    names = sorted(path.parent.name for path in SHIPPED_BUNDLES.glob("*/encoder.onnx"))
    rows = tuple((name, _eer(name), *_rates(plan, name, files)) for name in names)
    columns = ("bundle", "EER, %", *(f"batch {batch}, images/s" for batch in _BATCHES))
    return Found(
        tables=(
            Table("Decoding and encoding LFW pictures, one core", columns, rows),
            precisions(_PAGE.read_text()),
        )
    )


def precisions(page: str) -> Table:
    """Return the table of a page that `python -m training precisions` wrote."""
    lines = [_cells(line) for line in page.splitlines() if line.startswith("|")]
    rows = (row for row in lines[1:] if not re.fullmatch(r"-+", row[0]))
    return Table("The graph of `faces-crops` by precision", lines[0], tuple(rows))


def _rates(plan: Plan, name: str, files: Path) -> list[float]:
    found = []
    for batch in _BATCHES:
        with running_ceiling(server_cores(), "embed", name, str(files), str(batch)) as loop:
            turns = alternate({"loop": of_ceiling(loop, plan.seconds)}, plan.rounds)
            found.append(batch * rate(turns["loop"]).median)
    return found


def _eer(name: str) -> Cell:
    return round(100 * read_manifest(SHIPPED_BUNDLES / name).accuracy.eer, 2)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
