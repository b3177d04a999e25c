"""`export`: the bundle of a run."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands._precision_option import PrecisionOption
from training.config.named import refresh_export
from training.console import (
    DataOption,
    LocatorOption,
    UnsealOption,
    console,
    print_accuracy,
    print_serving,
    print_values,
    print_verdict,
)
from training.export.bundle import export_run, trained_of
from training.export.calibration_figures import calibration_figures
from training.export.int8_graph import Graphs
from training.report.verdict import verdict_of_manifest
from training.runs.looks import Ledger
from training.runs.run_folder import RunFolder
from training.serving_graph.locator_folder import open_locator
from training.stages import ConsoleStages


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    to: Annotated[Path | None, typer.Option(help="The bundle's folder.")] = None,
    data: DataOption = None,
    as_now: Annotated[
        bool,
        typer.Option(
            "--as-now",
            help="Take views, whitening, version and card from the named config as it is now.",
        ),
    ] = False,
    calibration_only: Annotated[
        bool,
        typer.Option(
            "--calibration-only",
            help="Print figures of the calibration part, and write nothing.",
        ),
    ] = False,
    locator: LocatorOption = None,
    unseal: UnsealOption = None,
    precision: PrecisionOption = Graphs.BOTH,
) -> None:
    """Write a run's bundle: graphs, calibration, measured accuracy, model card."""
    folder = RunFolder(run)
    if not calibration_only and to is None:
        raise typer.BadParameter("a bundle needs --to")
    if as_now:
        folder.replace_config(refresh_export(folder.config()))
    if calibration_only or to is None:
        with ConsoleStages(console) as stages:
            values = tuple(calibration_figures(trained_of(folder, data, stages)))
        print_values(values)
        return
    located = None if locator is None else open_locator(locator)
    ledger = Ledger.of_bundle(to, unseal)
    with ConsoleStages(console) as stages:
        manifest = export_run(folder, to, data, ledger, precision, locator=located, stages=stages)
    console.print(f"wrote {to}: {manifest.name} {manifest.version}, {manifest.onnx.bytes:,} bytes")
    verdict = verdict_of_manifest(manifest)
    print_verdict(verdict.sentence, holds=verdict.holds)
    print_accuracy(manifest.accuracy)
    print_serving(to)
