"""`calibrate`: thresholds of a bundle, fitted to other data."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from model.bundle import open_bundle
from model.manifest import Manifest
from training.commands._precision_option import PrecisionOption
from training.console import KnownNamesOption, console, print_accuracy, print_left_out
from training.data.source import open_data
from training.export.int8_graph import Graphs
from training.export.recalibrate import recalibrate
from training.stages import ConsoleStages
from training.templates.render import percent, target


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data set to fit the thresholds to.")],
    to: Annotated[Path, typer.Option(help="The new bundle's folder, after which it is named.")],
    seed: Annotated[int, typer.Option(help="Seed of the halves to calibrate and to test on.")] = 0,
    include_known_names: KnownNamesOption = False,
    precision: PrecisionOption = Graphs.BOTH,
) -> None:
    """Choose a bundle's thresholds again on other data; its graphs stay as they are."""
    opened = open_bundle(bundle)
    with ConsoleStages(console) as stages:
        done = recalibrate(
            *(opened, open_data(data), to, seed),
            include_known_names=include_known_names,
            graphs=precision,
            stages=stages,
        )
    print_left_out(done.left_out, opened.manifest.split_by)
    console.print(
        f"wrote {to}: {done.manifest.name} {done.manifest.version}, calibrated on "
        f"{done.manifest.calibration.sample.identities} identities",
        highlight=False,
    )
    console.print(_points(opened.manifest, done.manifest))
    print_accuracy(done.manifest.accuracy)


def _points(before: Manifest, after: Manifest) -> Table:
    """Tabulate the thresholds beside the former ones, with their rates on the test identities."""
    former = {p.target_fmr: p.threshold for p in before.calibration.operating_points}
    table = Table("target FMR", "threshold before", "threshold", "FMR", "FNMR", "supported")
    for point in after.calibration.operating_points:
        old = former.get(point.target_fmr)
        table.add_row(
            target(point.target_fmr),
            "" if old is None else f"{old:.4g}",
            f"{point.threshold:.4g}",
            percent(point.test.fmr),
            percent(point.test.fnmr),
            "yes" if point.supported else "no",
        )
    return table
