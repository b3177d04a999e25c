"""Targets that measured values are held against."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Target(BaseModel):
    """What a figure has to reach, and what others reached.

    Attributes:
        figure: The figure's name.
        at_most: Our bar for an error; None where there is none.
        at_least: Our bar for an accuracy; None where there is none.
        published: What the paper reports under this protocol, in words, with its source.
        given: The settings (`key=value`, as `--set` takes them) of the runs that it is for; none
            for those of the config as it stands. No other run is held against it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: str
    at_most: float | None = Field(default=None, ge=0, le=1)
    at_least: float | None = Field(default=None, ge=0, le=1)
    published: str = ""
    given: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        if self.at_most is not None and self.at_least is not None:
            raise ValueError("a target is an upper or a lower bar, not both")
        return self

    def is_met(self, value: float) -> bool | None:
        """Whether a value reaches the bar; None where there is no bar."""
        if self.at_most is not None:
            return value <= self.at_most
        return None if self.at_least is None else value >= self.at_least
