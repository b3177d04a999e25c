"""The arguments of `python -m app`: none but `--help` and `--version`."""

import argparse
import textwrap

from app.main import service_version
from app.settings import PREFIX, Settings

_COMMANDS = {
    "python -m app": "Run the service until SIGTERM or Ctrl-C; SIGHUP reloads the models.",
    "python -m app.keys NAME": "Make an API key, and the line of the keys file for it.",
    "python -m app.gallery migrate": "Make the tables of LIKEWISE_GALLERY_URL, or renew them.",
    "python -m app.server.healthcheck PORT": "Exit with 0 if the service on this machine is ready.",
    "python -m app.server.openapi": "Print the OpenAPI document.",
}
_WIDTH = 90


def arguments_parser() -> argparse.ArgumentParser:
    """Return the parser, whose help explains the commands and every setting."""
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="Run the same-or-different image service with the settings of the environment.",
        epilog=_explanation(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"likewise {service_version()}")
    return parser


def _explanation() -> str:
    commands = [_entry(command, text) for command, text in _COMMANDS.items()]
    fields = Settings.model_fields.items()
    settings = [
        _entry(f"{PREFIX}{name.upper()}{_default(field.get_default())}", field.description or "")
        for name, field in fields
    ]
    return "\n".join(
        ["commands:", *commands, "", "settings, as variables of the environment:", *settings]
    )


def _default(value: object) -> str:
    return "" if value is None or value in ("", ()) else f"={value}"


def _entry(name: str, text: str) -> str:
    return f"  {name}\n" + textwrap.indent(textwrap.fill(text, _WIDTH), " " * 6)
