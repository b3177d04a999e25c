"""The texts that training writes: the model card and the report, from templates."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_MINUTE = 60
_SMALL = 0.001


def render(template: str, **values: object) -> str:
    """Fill in a template of `training/templates/`."""
    environment = Environment(
        loader=PackageLoader("training"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=percent, thousands=thousands, minutes=minutes)
    return environment.get_template(template).render(**values)


def percent(share: float) -> str:
    """A share as a percentage, with two digits after the point, more where it is small."""
    digits = 4 if 0 < share < _SMALL else 2
    return f"{100 * share:.{digits}f} %"


def thousands(number: int) -> str:
    """A count, its digits in groups of three."""
    return f"{number:,}"


def minutes(seconds: float) -> str:
    """A duration in minutes, or in seconds where it is under one."""
    return f"{seconds / _MINUTE:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"
