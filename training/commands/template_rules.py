"""`template-rules`: rules for several images of one thing, compared on calibration identities."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from model.bundle import open_bundle
from training.console import console
from training.data.source import open_data
from training.evaluation.accuracy import measured_per_identity
from training.evaluation.opening import system_of
from training.experiments.template_rules import TARGET, RuleFigures, compare_rules
from training.templates.render import percent


def run(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data set that it was calibrated on.")],
) -> None:
    """Compare rules for the energy of two templates on a bundle's calibration identities."""
    opened = open_bundle(bundle)
    system = system_of(opened, open_data(data))
    found = compare_rules(system, measured_per_identity(opened.manifest))
    console.print(f"FNMR at an FMR of {percent(TARGET)} by the numbers of images of the two sides")
    console.print(_table(found))


def _table(found: list[RuleFigures]) -> Table:
    sizes = list(found[0].rates)
    table = Table("rule", *(f"{n1}:{n2}" for n1, n2 in sizes), "mean but 1:1")
    for figures in found:
        rates = [percent(figures.rates[size].fnmr) for size in sizes]
        table.add_row(figures.rule, *rates, percent(figures.mean_fnmr))
    return table
