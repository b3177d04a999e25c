"""`evaluate`: measurement of a bundle in ONNX Runtime."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from model.bundle import open_bundle
from model.schema.conditions import GroupRate
from training.console import (
    KnownNamesOption,
    console,
    print_accuracy,
    print_left_out,
    print_verdict,
)
from training.data.labels import read_labels
from training.data.source import open_data
from training.errors import DataError
from training.evaluation.evaluate import Evaluation, evaluate
from training.evaluation.labelled import NOTE_ON_GROUPS, LabelledRates
from training.report.page import write_report
from training.report.verdict import verdict_of
from training.report.worst_pairs import SHOWN
from training.stages import ConsoleStages
from training.templates.render import percent
from training.templates.render import target as target_name


def run(  # noqa: PLR0913, PLR0917 (one for each option)
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data set to measure on.")],
    out: Annotated[Path | None, typer.Option(help="The folder of the report.")] = None,
    include_known_names: KnownNamesOption = False,
    by: Annotated[
        list[str] | None,
        typer.Option(help="A column of --labels whose groups are compared; may be repeated."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV with a column image or identity, and columns of labels."),
    ] = None,
    pictures: Annotated[
        int, typer.Option(min=0, max=24, help="Worst pairs of each kind that the report shows.")
    ] = SHOWN,
) -> None:
    """Measure a bundle through ONNX Runtime on identities that it has not seen."""
    if bool(by) is not (labels is not None):
        raise DataError("rates by group need both --labels FILE.csv and --by COLUMN")
    opened, images = open_bundle(bundle), open_data(data)
    columns = None if labels is None else read_labels(labels, by or [], images)
    with ConsoleStages(console) as stages:
        evaluation = evaluate(
            *(opened, images),
            include_known_names=include_known_names,
            labels=columns,
            stages=stages,
        )
    _print_evaluation(evaluation)
    if not evaluation.same_data:
        console.print(
            f"to fit them to it: python -m training calibrate {bundle} --data {data} --to DIR",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if out is not None:
        write_report(evaluation, out, pictures)
        console.print(f"report: {out / 'report.html'}")


def _print_evaluation(evaluation: Evaluation) -> None:
    manifest = evaluation.bundle.manifest
    verdict = verdict_of(evaluation)
    print_verdict(verdict.sentence, holds=verdict.holds)
    console.print(f"{manifest.name} {manifest.version} on {evaluation.accuracy.protocol}")
    if not evaluation.same_data:
        console.print(
            "this is not the data that the bundle was calibrated on: its stated error rates hold "
            "only as far as the two are alike",
            style="yellow",
        )
    print_left_out(evaluation.left_out, manifest.split_by)
    console.print(_points(evaluation))
    for labelled in evaluation.by_label:
        console.print(_groups(labelled))
    if evaluation.by_label:
        console.print(NOTE_ON_GROUPS, highlight=False, markup=False, soft_wrap=True)
    print_accuracy(evaluation.accuracy)
    if evaluation.same_data:
        console.print("the manifest says:")
        print_accuracy(manifest.accuracy)


def _points(evaluation: Evaluation) -> Table:
    table = Table("target FMR", "threshold", "FMR", "95 %", "FNMR", "95 %", "supported")
    points = evaluation.bundle.manifest.calibration.operating_points
    for (target, threshold, rates), point in zip(evaluation.points, points, strict=True):
        table.add_row(
            target_name(target),
            f"{threshold:.4g}",
            percent(rates.fmr),
            " – ".join(map(percent, rates.fmr_interval)),
            percent(rates.fnmr),
            " – ".join(map(percent, rates.fnmr_interval)),
            "yes" if point.supported else "no",
        )
    return table


def _groups(labelled: LabelledRates) -> Table:
    """Tabulate the rates of the groups of a column, at the default operating point."""
    title = f"by {labelled.column}, at the default threshold"
    if labelled.unlabelled:
        title += f"; {labelled.unlabelled:,} images have no label"
    table = Table("group", "FMR", "95 %", "× all", "FNMR", "95 %", "× all", title=escape(title))
    for group in labelled.groups:
        table.add_row(escape(group.name), *_cells(group.fmr), *_cells(group.fnmr))
    return table


def _cells(rate: GroupRate | None) -> tuple[str, str, str]:
    if rate is None:
        return "no pairs", "", ""
    few = "" if rate.supported else " (few)"
    ratio = "" if rate.ratio is None else f"{rate.ratio:.2f}{'*' if rate.differs else ''}"
    return f"{percent(rate.rate)}{few}", " – ".join(map(percent, rate.interval)), ratio
