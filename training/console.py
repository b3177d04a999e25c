"""Terminal of the commands: shared options, and the printing of measured values."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.manifest import Accuracy, SplitBy
from training.evaluation.measured_value import MeasuredValue
from training.templates.render import percent

console = Console()

SHIPPED_BUNDLES = Path(__file__).parents[1] / "model" / "bundles"
"""Folder that the service serves where no setting names another."""
RECORDS = Path("training/records")
"""Folder of the committed records, from the root of a checkout."""

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="A folder of identities, a zip of one, or a known data set."),
]
LocatorOption = Annotated[
    Path | None,
    typer.Option(help="A trained locator, or a bundle with one: the new bundle gets it."),
]
UnsealOption = Annotated[
    str | None,
    typer.Option(help="Reason for a second look at the test part by a changed system."),
]
KnownNamesOption = Annotated[
    bool, typer.Option(help="Treat names that the bundle has seen as other identities.")
]


def print_serving(bundle: Path) -> None:
    """Print the command that serves a bundle."""
    folder = bundle.resolve().parent
    settings = "" if folder == SHIPPED_BUNDLES else f"LIKEWISE_MODELS_DIR={folder} "
    command = f"{settings}LIKEWISE_DEFAULT_MODEL={bundle.name} make serve"
    console.print(f"serve it: {command}", highlight=False, markup=False, soft_wrap=True)


def print_verdict(sentence: str, *, holds: bool) -> None:
    """Print the sentence of a verdict, in yellow where stated rates are not shown to hold."""
    style = None if holds else "yellow"
    console.print(sentence, style=style, highlight=False, markup=False, soft_wrap=True)


def print_accuracy(accuracy: Accuracy) -> None:
    """Print what was measured on the test identities."""
    sample = accuracy.sample
    console.print(
        f"EER {percent(accuracy.eer)}  Cllr {accuracy.cllr:.3f} (at best {accuracy.min_cllr:.3f})  "
        f"{sample.genuine_pairs:,} genuine, {sample.impostor_pairs:,} impostor pairs of "
        f"{sample.identities} identities",
        highlight=False,
    )
    for figure in accuracy.benchmarks:
        _print_value(f"{figure.name}: {figure.measure}", figure.value, figure.standard_error)


def print_values(values: Iterable[MeasuredValue]) -> None:
    """Print what protocols measured."""
    for measured in values:
        _print_value(measured.name, measured.value, measured.standard_error)


def _print_value(name: str, value: float, standard_error: float | None) -> None:
    error = "" if standard_error is None else f" ± {percent(standard_error)}"
    console.print(f"{name}: {percent(value)}{error}", highlight=False)


def print_left_out(count: int, by: SplitBy) -> None:
    """Print the number of identities, or images of a closed set, that are not measured, if any."""
    if count:
        things = "images" if by is SplitBy.IMAGE else "identities"
        console.print(
            f"{count} {things} are left out: the bundle has seen {things} of these names (if the "
            "names are alike by chance: --include-known-names)",
            style="yellow",
        )
