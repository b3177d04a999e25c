"""Targets that measured values are held against."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from model.fields import Frozen


class Target(Frozen):
    """A bar for a measured value, or a published value beside it."""

    figure: str
    """Name of the measured value."""
    at_most: float | None = Field(default=None, ge=0, le=1)
    """Our bar for an error, if any."""
    at_least: float | None = Field(default=None, ge=0, le=1)
    """Our bar for an accuracy, if any."""
    published: str = ""
    """The paper's value under this protocol, in words, with its source."""
    given: tuple[str, ...] = ()
    """Overrides (`key=value`) of the runs that it is for; empty for runs without overrides."""

    @model_validator(mode="after")
    def _check_one_bar(self) -> Self:
        if self.at_most is not None and self.at_least is not None:
            raise ValueError("a target is an upper or a lower bar, not both")
        return self

    def is_met(self, value: float) -> bool | None:
        """Compare a value with the bar; None if there is no bar."""
        if self.at_most is not None:
            return value <= self.at_most
        return None if self.at_least is None else value >= self.at_least
