"""The command line: `python -m training COMMAND`, each command a file in `training/commands/`."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys

import typer
from rich.console import Console
from rich.logging import RichHandler

from model.errors import LikewiseError
from training import commands


def main() -> None:
    """Run the command line; an error that was foreseen is one line, and exit code 1."""
    handler = RichHandler(console=Console(stderr=True), show_time=False, show_path=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    try:
        _app()()
    except (LikewiseError, OSError) as error:
        sys.exit(f"training: {error}")


def _app() -> typer.Typer:
    app = typer.Typer(
        help="Train, measure and export same-or-different encoders.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for module in pkgutil.iter_modules(commands.__path__):
        command = importlib.import_module(f"training.commands.{module.name}")
        app.command(name=module.name.replace("_", "-"))(command.run)
    return app
