"""The command line: `python -m training train | export | evaluate | demo-data | configs`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from model.bundle import open_bundle
from model.errors import LikewiseError
from model.manifest import Accuracy
from training import session
from training.config import TrainingConfig, config_names, load_config
from training.data.source import open_data
from training.demo import draw_folder
from training.errors import RunError
from training.evaluation import Evaluation, evaluate
from training.export import export_run
from training.report import write_report
from training.run import RunFolder
from training.templating import percent

app = typer.Typer(
    help="Train, measure and export same-or-different encoders.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
_INTERRUPTED = 130
"""The exit code of an interrupted program, by the custom of shells."""

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="A folder of identities, a zip of one, or a known data set."),
]


@app.command()
def train(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    data: DataOption = None,
    resume: Annotated[bool, typer.Option(help="Go on after the last whole epoch.")] = False,
    epochs: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
) -> None:
    """Train a named config on a data set."""
    overrides = {"epochs": epochs, "seed": seed}
    given = {name: value for name, value in overrides.items() if value is not None}
    asked = load_config(config, given)
    with _stoppable():
        if resume and (out / "config.json").exists():
            _check_same_run(asked, RunFolder(out), ["name", *given])
            session.resume(data, out, console)
            return
        if data is None:
            raise typer.BadParameter("a new run needs --data")
        session.begin(asked, data, out, console)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    to: Annotated[Path, typer.Option(help="The bundle's folder.")],
    data: DataOption = None,
) -> None:
    """Write a run's bundle: graph, calibration, measured accuracy, model card."""
    manifest = export_run(RunFolder(run), to, data)
    console.print(f"wrote {to}: {manifest.name} {manifest.version}, {manifest.onnx.bytes:,} bytes")
    _print_accuracy(manifest.accuracy)


@app.command(name="evaluate")
def evaluate_(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data set to measure on.")],
    out: Annotated[Path | None, typer.Option(help="Where the report goes.")] = None,
    include_known_names: Annotated[
        bool, typer.Option(help="Other data's identities merely bear the names of trained ones.")
    ] = False,
) -> None:
    """Measure a bundle through ONNX Runtime on identities that it has not seen."""
    opened = open_bundle(bundle)
    evaluation = evaluate(opened, open_data(data), include_known_names=include_known_names)
    _print_evaluation(evaluation)
    if out is not None:
        write_report(evaluation, out)
        console.print(f"report: {out / 'report.html'}")


@app.command(name="demo-data")
def demo_data(
    out: Annotated[Path, typer.Option(help="A new folder.")],
    identities: Annotated[int, typer.Option(min=2)] = 40,
    images: Annotated[int, typer.Option(min=2)] = 6,
    seed: int = 0,
) -> None:
    """Draw a folder of made-up identities, to try everything without photographs."""
    draw_folder(out, identities, images, seed)
    console.print(f"drew {identities} identities with {images} images each in {out}")


@app.command()
def configs() -> None:
    """List the named configs."""
    for name in config_names():
        console.print(f"{name}  {load_config(name).card.summary}", highlight=False)


def main() -> None:
    """Run the command line; an error that was foreseen is one line, and exit code 1."""
    handler = RichHandler(console=Console(stderr=True), show_time=False, show_path=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    try:
        app()
    except (LikewiseError, OSError) as error:
        sys.exit(f"training: {error}")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Say how to go on after an interrupt, which typer would answer without a word."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("training: stopped; go on with --resume", err=True)
        raise typer.Exit(_INTERRUPTED) from None


def _check_same_run(asked: TrainingConfig, run: RunFolder, fields: Iterable[str]) -> None:
    """A run goes on as it was begun; other wishes are refused, not passed over."""
    begun = run.config()
    for field in fields:
        if getattr(asked, field) != getattr(begun, field):
            raise RunError(
                f"{run.path} was begun with {field} {getattr(begun, field)}, and cannot go on with "
                f"{getattr(asked, field)}; choose another --out"
            )


def _print_evaluation(evaluation: Evaluation) -> None:
    manifest = evaluation.bundle.manifest
    console.print(f"{manifest.name} {manifest.version} on {evaluation.accuracy.protocol}")
    if not evaluation.same_data:
        console.print(
            "this is not the data that the bundle was calibrated on: its thresholds keep their "
            "meaning only as far as the two are alike",
            style="yellow",
        )
    if evaluation.left_out:
        console.print(
            f"{evaluation.left_out} identities are left out: they bear the name of one that the "
            "bundle has seen (--include-known-names, where that is chance)",
            style="yellow",
        )
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
    console.print(table)
    _print_accuracy(evaluation.accuracy)
    if evaluation.same_data:
        console.print("the manifest says:")
        _print_accuracy(manifest.accuracy)


def _print_accuracy(accuracy: Accuracy) -> None:
    sample = accuracy.sample
    console.print(
        f"EER {percent(accuracy.eer)}  Cllr {accuracy.cllr:.3f} (at best {accuracy.min_cllr:.3f})  "
        f"{sample.genuine_pairs:,} genuine, {sample.impostor_pairs:,} impostor pairs of "
        f"{sample.identities} identities",
        highlight=False,
    )
    for benchmark in accuracy.benchmarks:
        error = benchmark.standard_error
        console.print(
            f"{benchmark.name}: {benchmark.measure}: {percent(benchmark.value)}"
            + ("" if error is None else f" ± {percent(error)}"),
            highlight=False,
        )
