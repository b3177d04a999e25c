"""`export`: the bundle of a run."""

from pathlib import Path
from typing import Annotated

import typer

from training.config.named import refresh_export
from training.console import DataOption, console, print_accuracy, print_verdict
from training.export.bundle import export_run
from training.report.verdict import verdict_of_manifest
from training.runs.run_folder import RunFolder


def run(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    to: Annotated[Path, typer.Option(help="The bundle's folder.")],
    data: DataOption = None,
    as_now: Annotated[
        bool,
        typer.Option(
            "--as-now",
            help="Take views, whitening, version and card from the named config as it is now.",
        ),
    ] = False,
) -> None:
    """Write a run's bundle: graph, calibration, measured accuracy, model card."""
    folder = RunFolder(run)
    if as_now:
        folder.replace_config(refresh_export(folder.config()))
    manifest = export_run(folder, to, data)
    console.print(f"wrote {to}: {manifest.name} {manifest.version}, {manifest.onnx.bytes:,} bytes")
    verdict = verdict_of_manifest(manifest)
    print_verdict(verdict.sentence, holds=verdict.holds)
    print_accuracy(manifest.accuracy)
