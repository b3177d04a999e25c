"""What an operator can set: one frozen class, read once from the environment and passed on.

Every variable begins with `LIKEWISE_`. A value out of range and a name that does not exist are both
errors at start, since a misspelt limit that counts as absent is a limit that is not there.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, IPvAnyNetwork, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import model
from app.errors import SettingsError

PREFIX = "LIKEWISE_"
_OF_THE_CLIENT = frozenset({"URL", "API_KEY"})
"""Read by the command `likewise`, which may stand in the same environment."""
SHIPPED_BUNDLES = Path(model.__file__).parent / "bundles"


class Provider(StrEnum):
    """What runs the graph."""

    AUTO = "auto"
    """CUDA where it really loads, the CPU otherwise."""
    CPU = "cpu"
    CUDA = "cuda"


class LogLevel(StrEnum):
    """From how serious on a message is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line of the log looks."""

    CONSOLE = "console"
    """For people."""
    JSON = "json"
    """For programs: one object a line."""


def _split(value: object) -> object:
    """A list as it stands in a variable: with commas."""
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[A-Za-z0-9.\[\]:-]+)$")]
"""A scheme and a host, with its port where it is not the usual one; no path, no last slash."""


class Settings(BaseSettings):
    """The settings of one service; each field is the environment's `LIKEWISE_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    models_dir: Path = Field(SHIPPED_BUNDLES, description="Folder that holds the bundles.")
    default_model: str = Field(
        "faces", min_length=1, max_length=64, description="Bundle of a request that names none."
    )
    provider: Provider = Field(
        Provider.AUTO, description="auto, cpu or cuda; cuda is an error at start where it fails."
    )
    workers: int = Field(1, ge=1, le=256, description="Server processes.")
    threads: int = Field(
        0, ge=0, le=256, description="Job threads a worker; 0 divides the cores that we may use."
    )
    max_image_bytes: int = Field(
        10_000_000, ge=1, le=1_000_000_000, description="Most bytes of one image file."
    )
    max_image_pixels: int = Field(
        50_000_000, ge=1, le=1_000_000_000, description="Most pixels of one image's canvas."
    )
    max_images: int = Field(32, ge=1, le=1024, description="Most images in one call of /embed.")
    max_body_bytes: int = Field(
        64_000_000, ge=1_000, le=4_000_000_000, description="Most bytes of one request's body."
    )
    max_held_bytes: int = Field(
        256_000_000,
        ge=1_000,
        le=64_000_000_000,
        description="Most bytes of bodies that one worker holds at a time, over all its requests.",
    )
    max_gallery: int = Field(
        100_000, ge=1, le=1_000_000, description="Most gallery rows in one call of /compare."
    )
    max_waiting: int = Field(
        64, ge=0, le=100_000, description="Most jobs that wait in one worker; more get a 503."
    )
    max_batch: int = Field(
        32, ge=1, le=1024, description="Most images that one run of a model takes."
    )
    deadline_ms: int = Field(
        10_000, ge=1, le=600_000, description="Longest a job may wait and run, in milliseconds."
    )
    body_timeout_s: float = Field(
        30.0, gt=0, le=3600, description="Longest a body may take to arrive, in seconds."
    )
    api_keys_file: Path | None = Field(
        None, description="File of API keys, names and hashes; without it no key is asked for."
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), description="Origins whose pages may call from a browser, with commas; * is all."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split)] = (
        Field(
            (),
            description="Addresses and networks of proxies whose X-Forwarded-* count, with commas.",
        )
    )
    root_path: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Prefix under which a gateway serves this service, as in /likewise.",
    )
    drain_delay_s: float = Field(
        0.0,
        ge=0,
        le=600,
        description="How long requests are still taken after SIGTERM, in seconds.",
    )
    drain_timeout_s: float = Field(
        15.0, gt=0, le=3600, description="How long requests in flight may take then, in seconds."
    )
    watch_models: float = Field(
        0.0,
        ge=0,
        le=86_400,
        description="Seconds between two looks for changed models; 0 looks on SIGHUP only.",
    )
    head_timeout_s: float = Field(
        10.0, gt=0, le=3600, description="Longest a request's head may take, in seconds."
    )
    keep_alive_s: int = Field(
        5,
        ge=1,
        le=3600,
        description="Longest a connection may be idle after an answer, in seconds.",
    )
    max_connections: int = Field(
        1000, ge=1, le=100_000, description="Most open connections of one worker."
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error.")
    log_format: LogFormat = Field(
        LogFormat.CONSOLE, description="console, for people, or json, one object a line."
    )
    access_log: bool = Field(default=True, description="Whether each request is a line in the log.")
    playground: bool = Field(
        default=True, description="Whether there is a page at / to try the service with."
    )
    metrics: bool = Field(default=True, description="Whether numbers are kept for /metrics.")
    metrics_dir: Path | None = Field(
        None, description="Folder for the workers' numbers, emptied at start; unset: one is made."
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        max_length=2000,
        description="URL that traces are sent to, as http://collector:4318/v1/traces; unset: none.",
    )


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment.

    Args:
        environment: Where names are looked for that mean nothing; pydantic reads the values from
            the process's own environment.

    Raises:
        SettingsError: A `LIKEWISE_` variable that does not exist, or a value that cannot be used.
    """
    _refuse_unknown(environment)
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(dict(part)) for part in error.errors())) from error


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [field.upper() for field in Settings.model_fields]
    for name in environment:
        ours, field = name.upper().startswith(PREFIX), name.upper().removeprefix(PREFIX)
        if not ours or field in known or field in _OF_THE_CLIENT:
            continue
        near = difflib.get_close_matches(field, known, n=1)
        hint = f"did you mean {PREFIX}{near[0]}?" if near else f"there are: {', '.join(known)}"
        raise SettingsError(f"there is no setting {name}; {hint}")


def _sentence(part: Mapping[str, object]) -> str:
    location = part["loc"]
    field = str(location[0]) if isinstance(location, tuple) and location else "settings"
    return f"{PREFIX}{field.upper()}={part['input']!r} cannot be used: {part['msg']}"
