"""Command line: `python -m training COMMAND`, each command a file in `training/commands/`.

Only the module of the command that was asked for is imported: `--help` and light commands such as
`configs` load neither PyTorch nor matplotlib.
"""

import ast
import importlib
import logging
import pkgutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler
from typer.core import TyperCommand, TyperGroup

from model.errors import LikewiseError
from training import commands


class CommandFolder(TyperGroup):
    """A group whose commands are the files of `training/commands/`, imported when invoked."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 (typer's own type)
        """Return the names of the commands; files that begin with `_` are helpers."""
        modules = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ANN401
        """Return a command with only its summary, for the list in `--help`."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return TyperCommand(cmd_name, help=_summary(_module_name(cmd_name)))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401
        """Return the command that is invoked, and import its module."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, None if command is None or name is None else _import(name), rest


def main() -> None:
    """Run the command line; an expected error is printed in one line, with exit code 1."""
    handler = RichHandler(console=Console(stderr=True), show_time=False, show_path=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    try:
        _app()()
    except (LikewiseError, OSError) as error:
        sys.exit(f"training: {error}")


def _app() -> typer.Typer:
    return typer.Typer(
        cls=CommandFolder,
        help="Train, measure and export same-or-different encoders.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        callback=_whole,  # A group, though it has no commands of its own.
    )


def _print_version(asked: bool) -> None:
    if asked:
        try:
            installed = version("likewise")
        except PackageNotFoundError:  # Run from its source, without being installed.
            installed = "unknown"
        typer.echo(f"likewise {installed}")
        raise typer.Exit


def _whole(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Options that stand before a command."""


def _module_name(command: str) -> str:
    return command.replace("-", "_")


def _summary(module: str) -> str:
    """Read the docstring of a command's function `run` without importing the module."""
    source = Path(commands.__path__[0], f"{module}.py").read_text(encoding="utf-8")
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    return next(ast.get_docstring(node) or "" for node in functions if node.name == "run")


def _import(command: str) -> Any:  # noqa: ANN401 (typer's own type)
    """Import a command with its options."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    run = importlib.import_module(f"training.commands.{_module_name(command)}").run
    app.command(name=command)(run)
    return typer.main.get_command(app)
