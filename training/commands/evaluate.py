"""`evaluate`: measurement of a bundle in ONNX Runtime."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from model.bundle import open_bundle
from training.console import KnownNamesOption, console, print_accuracy, print_left_out
from training.data.source import open_data
from training.evaluation.evaluate import Evaluation, evaluate
from training.evaluation.report import write_report
from training.templates.render import percent


def run(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data set to measure on.")],
    out: Annotated[Path | None, typer.Option(help="The folder of the report.")] = None,
    include_known_names: KnownNamesOption = False,
) -> None:
    """Measure a bundle through ONNX Runtime on identities that it has not seen."""
    opened = open_bundle(bundle)
    evaluation = evaluate(opened, open_data(data), include_known_names=include_known_names)
    _print_evaluation(evaluation)
    if not evaluation.same_data:
        console.print(
            f"to fit them to it: python -m training calibrate {bundle} --data {data} --to DIR",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if out is not None:
        write_report(evaluation, out)
        console.print(f"report: {out / 'report.html'}")


def _print_evaluation(evaluation: Evaluation) -> None:
    manifest = evaluation.bundle.manifest
    console.print(f"{manifest.name} {manifest.version} on {evaluation.accuracy.protocol}")
    if not evaluation.same_data:
        console.print(
            "this is not the data that the bundle was calibrated on: its stated error rates hold "
            "only as far as the two are alike",
            style="yellow",
        )
    print_left_out(evaluation.left_out, manifest.split_by)
    console.print(_points(evaluation))
    print_accuracy(evaluation.accuracy)
    if evaluation.same_data:
        console.print("the manifest says:")
        print_accuracy(manifest.accuracy)


def _points(evaluation: Evaluation) -> Table:
    table = Table("target FMR", "threshold", "FMR", "95 %", "FNMR", "95 %")
    for target, threshold, rates in evaluation.points:
        table.add_row(
            "equal error" if target is None else percent(target),
            f"{threshold:.4g}",
            percent(rates.fmr),
            " – ".join(map(percent, rates.fmr_interval)),
            percent(rates.fnmr),
            " – ".join(map(percent, rates.fnmr_interval)),
        )
    return table
