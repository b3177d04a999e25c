"""`check-data`: content and faults of a data set, and whether training accepts it."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from training.config.named import load_config
from training.console import console
from training.data.quality import DataQuality, Duplicates, Spread, check_quality
from training.data.source import read_data
from training.data.support import DataSupport
from training.errors import DataError


def run(
    path: Annotated[Path, typer.Argument(help="A data set, as `train --data` takes it.")],
    config: Annotated[str, typer.Option(help="The config whose split is checked.")] = "own_folder",
    seed: Annotated[int | None, typer.Option(help="Seed in place of the config's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Report identities, broken files and duplicates; exit code 1 where training would refuse."""
    loaded = load_config(config)
    try:
        quality = check_quality(
            read_data(path), config, loaded.split, loaded.seed if seed is None else seed
        )
    except DataError as error:
        if not as_json:
            raise
        typer.echo(json.dumps({"data": str(path), "usable": False, "reason": str(error)}))
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(quality.model_dump_json(indent=1))
    else:
        _print(quality)
    if not quality.usable:
        raise typer.Exit(1)


def _print(quality: DataQuality) -> None:
    console.print(_counts(quality))
    for failure in quality.broken_listed:
        _say(f"broken: {failure}")
    _print_duplicates("the same file", quality.exact_duplicates)
    _print_duplicates("nearly the same image", quality.near_duplicates)
    if quality.compared < quality.images:
        console.print(f"only {quality.compared:,} images were compared for near duplicates")
    for remark in quality.remarks:
        _say(remark)
    if quality.support is not None:
        _print_support(quality.support)
    for warning in quality.warnings:
        _say(f"warning: {warning}", "yellow")
    if quality.reason is None:
        warned = ", but see the warnings above" if quality.warnings else ""
        _say(f"training accepts this data{warned}")
    else:
        _say(f"training would refuse it: {quality.reason}", "red")


def _print_support(support: DataSupport) -> None:
    """Print which targets the data can support, the intervals to expect, and the advice."""
    answers = [f"{each.target_fmr:.4g}: {each.support}" for each in support.targets]
    _say(f"target FMRs that it can support: {', '.join(answers)}")
    widths = [f"{i.rate} {i.value:.2%} is {i.low:.2%} to {i.high:.2%}" for i in support.intervals]
    _say(f"95 % intervals to expect: {'; '.join(widths)}")
    _say(f"which training: {support.advice}")


def _say(sentence: str, style: str | None = None) -> None:
    console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def _counts(quality: DataQuality) -> Table:
    table = Table(title=escape(quality.data), show_header=False)
    table.add_row("identities", f"{quality.identities:,}")
    table.add_row("  with one image", f"{quality.identities_with_one_image:,}")
    table.add_row("images", f"{quality.images:,}")
    table.add_row("  of one identity", _range(quality.images_per_identity))
    table.add_row("broken files", f"{quality.broken:,}")
    if quality.widths and quality.heights:
        table.add_row("width", _range(quality.widths))
        table.add_row("height", _range(quality.heights))
    modes = (f"{mode} {count:,}" for mode, count in quality.colour_modes.items())
    table.add_row("colour modes", ", ".join(modes))
    table.add_row("exact duplicates", _groups(quality.exact_duplicates))
    table.add_row("near duplicates", _groups(quality.near_duplicates))
    for part, size in quality.parts.items():
        table.add_row(
            f"{part} part ({quality.config}, seed {quality.seed})",
            f"{size.identities:,} identities ({size.with_several_images:,} with several images), "
            f"{size.images:,} images",
        )
    return table


def _range(spread: Spread) -> str:
    return f"{spread.least:,} … {spread.most:,}, median {spread.median:g}"


def _groups(duplicates: Duplicates) -> str:
    return (
        f"{duplicates.groups:,} groups: {duplicates.across_identities:,} across identities, "
        f"{duplicates.across_parts:,} across the parts of the split"
    )


def _print_duplicates(what: str, duplicates: Duplicates) -> None:
    """Print groups of duplicates; those across identities or parts of the split are highlighted."""
    for group in duplicates.listed:
        more = group.size - len(group.images)
        faults = [
            *(["under several identities"] if len(group.identities) > 1 else []),
            *([f"in {' and '.join(group.parts)}"] if len(group.parts) > 1 else []),
        ]
        console.print(
            f"{what}{''.join(f', {fault}' for fault in faults)}: {', '.join(group.images)}"
            + (f" and {more} more" if more else ""),
            style="yellow" if faults else None,
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
