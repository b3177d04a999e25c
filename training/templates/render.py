"""Rendering of the templates, and the formats of numbers in texts."""

import math

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_MINUTE = 60
_SMALL = 0.001
_FEW_DIGITS = 100
EQUAL_ERRORS = "equal errors in calibration"
"""Name of the operating point without a target. It is not the measured equal error rate (EER)."""


def render(template: str, **values: object) -> str:
    """Fill in a template of `training/templates/`."""
    environment = Environment(
        loader=PackageLoader("training"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=percent, thousands=thousands, minutes=minutes, power=power)
    environment.filters.update(target=target)
    environment.globals["EQUAL_ERRORS"] = EQUAL_ERRORS
    return environment.get_template(template).render(**values)


def percent(share: float) -> str:
    """Format a share as a percentage, with two digits after the point, four below 0.1 %."""
    digits = 4 if 0 < share < _SMALL else 2
    return f"{100 * share:.{digits}f} %"


def target(fmr: float | None) -> str:
    """Name an operating point by its target FMR, None where errors are equal in calibration."""
    return EQUAL_ERRORS if fmr is None else percent(fmr)


def thousands(number: int) -> str:
    """Format a count with its digits in groups of three."""
    return f"{number:,}"


def minutes(seconds: float) -> str:
    """Format a duration in minutes, or in seconds below one minute."""
    return f"{seconds / _MINUTE:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"


def power(exponent: float) -> str:
    """Format 10 to some exponent with two digits: as a number, or below 1 as `1/n`."""
    if math.isinf(exponent):
        return "∞" if exponent > 0 else "0"
    number = 10 ** abs(exponent)
    digits = f"{number:.2g}" if number < _FEW_DIGITS else f"{float(f'{number:.2g}'):,.0f}"
    return digits if exponent >= 0 or number == 1 else f"1/{digits}"
