"""Settings of the service: one frozen class, read once from the environment and passed on.

Every variable begins with `LIKEWISE_`. A value out of range is an error at start, and so is an
unknown name: a misspelt limit would otherwise be no limit at all.
"""

import difflib
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    StringConstraints,
    ValidationError,
)

import model
from app.errors import SettingsError

PREFIX = "LIKEWISE_"
_OF_THE_CLIENT = frozenset({"URL", "API_KEY"})
"""Variables of the command `likewise`, which may share the environment."""
_SHOWN = 100
"""Characters of a refused value in the message."""
SHIPPED_BUNDLES = Path(model.__file__).parent / "bundles"


class Provider(StrEnum):
    """ONNX Runtime execution provider."""

    AUTO = "auto"
    """CUDA if it loads, the CPU otherwise."""
    CPU = "cpu"
    CUDA = "cuda"


class WantedPrecision(StrEnum):
    """Graph that answers, of a bundle with a float32 and an int8 one."""

    AUTO = "auto"
    """The fastest that passes its self-check; on CUDA float32."""
    FP32 = "fp32"
    INT8 = "int8"


class LogLevel(StrEnum):
    """Lowest level of the messages that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """Format of a line of the log."""

    CONSOLE = "console"
    """For people."""
    JSON = "json"
    """For programs: one object a line."""


def _split(value: object) -> object:
    """Split a list at its commas, as it is written in a variable."""
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[A-Za-z0-9.\[\]:-]+)$")]
"""A scheme and a host, with a port unless it is the default one; no path, no trailing slash."""


class Settings(BaseModel):
    """The settings of one service; each field is the environment's `LIKEWISE_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Address
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    root_path: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Prefix under which a gateway serves this service, as in /likewise.",
    )

    # Models
    models_dir: Path = Field(SHIPPED_BUNDLES, description="Folder that holds the bundles.")
    default_model: str = Field(
        "faces", min_length=1, max_length=64, description="Bundle of a request that names none."
    )
    watch_models: float = Field(
        0.0,
        ge=0,
        le=86_400,
        description="Seconds between two checks for changed models; 0 checks on SIGHUP only.",
    )

    # Processes, threads and devices
    provider: Provider = Field(
        Provider.AUTO, description="auto, cpu or cuda; cuda is an error at start if it fails."
    )
    precision: WantedPrecision = Field(
        WantedPrecision.AUTO,
        description="auto, fp32 or int8, of bundles with several graphs; auto: the fastest that "
        "passes its self-check.",
    )
    workers: int = Field(1, ge=1, le=256, description="Number of worker processes.")
    threads: int = Field(
        0,
        ge=0,
        le=256,
        description="Job threads of a worker; 0: as many as the usable cores and the memory allow.",
    )
    memory_bytes: int = Field(
        0,
        ge=0,
        le=64_000_000_000_000,
        description="Memory of all workers together; 0: the cgroup's limit, or the machine's.",
    )

    # Sizes
    max_image_bytes: int = Field(
        10_000_000, ge=1, le=1_000_000_000, description="Maximum size of an image file, in bytes."
    )
    max_image_pixels: int = Field(
        50_000_000, ge=1, le=1_000_000_000, description="Maximum size of an image, in pixels."
    )
    max_images: int = Field(
        32, ge=1, le=1024, description="Maximum number of images in one call of /embed."
    )
    max_body_bytes: int = Field(
        64_000_000,
        ge=1_000,
        le=4_000_000_000,
        description="Maximum size of a request's body, in bytes.",
    )
    max_held_bytes: int = Field(
        0,
        ge=0,
        le=64_000_000_000,
        description="Maximum bytes of bodies that one worker holds at a time; 0: by its memory.",
    )
    max_decoding_bytes: int = Field(
        0,
        ge=0,
        le=64_000_000_000,
        description="Maximum bytes that one worker decodes images in at a time; 0: by its memory.",
    )
    max_gallery: int = Field(
        100_000,
        ge=1,
        le=1_000_000,
        description="Maximum number of gallery rows in one call of /compare.",
    )

    # Queue and connections
    max_waiting: int = Field(
        64,
        ge=0,
        le=100_000,
        description="Maximum number of jobs that wait in one worker; more get a 503.",
    )
    max_batch: int = Field(
        32, ge=1, le=1024, description="Maximum number of images in one run of a model."
    )
    max_connections: int = Field(
        1000, ge=1, le=100_000, description="Maximum number of open connections of one worker."
    )

    # Times
    deadline_ms: int = Field(
        10_000,
        ge=1,
        le=600_000,
        description="Maximum time for a job to wait and run, in milliseconds.",
    )
    head_timeout_s: float = Field(
        10.0, ge=0.1, le=3600, description="Maximum time for a request's head, in seconds."
    )
    body_timeout_s: float = Field(
        30.0, ge=0.1, le=3600, description="Maximum time for a body to arrive, in seconds."
    )
    keep_alive_s: int = Field(
        5,
        ge=1,
        le=3600,
        description="Maximum idle time of a connection after an answer, in seconds.",
    )
    start_timeout_s: float = Field(
        120.0,
        gt=0,
        le=3600,
        description="Maximum time for a worker to start, and for a reload, in seconds.",
    )
    drain_delay_s: float = Field(
        0.0,
        ge=0,
        le=600,
        description="How long requests are still accepted after SIGTERM, in seconds.",
    )
    drain_timeout_s: float = Field(
        15.0, gt=0, le=3600, description="How long requests in flight may take then, in seconds."
    )

    # Access
    api_keys_file: Path | None = Field(
        None, description="File of API keys, names and hashes; unset: no key is required."
    )
    cors_origins: Annotated[tuple[Origin, ...], BeforeValidator(_split)] = Field(
        (), description="Origins whose pages may call from a browser, with commas; * is all."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(_split)] = Field(
        (),
        description="Addresses and networks of proxies whose X-Forwarded-* count, with commas.",
    )

    # Gallery
    gallery_url: str | None = Field(
        None,
        description="The galleries' store, sqlite:///PATH or postgresql+psycopg://…; unset: none.",
    )
    gallery_threads: int = Field(
        4, ge=1, le=64, description="Calls of the gallery's store that one worker makes at a time."
    )

    # Logs, metrics and traces
    log_level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error.")
    log_format: LogFormat = Field(
        LogFormat.CONSOLE, description="console, for people, or json, one object a line."
    )
    access_log: bool = Field(default=True, description="Whether each request is logged.")
    metrics: bool = Field(default=True, description="Whether there are metrics at /metrics.")
    metrics_dir: Path | None = Field(
        None, description="Folder of the workers' metrics, emptied at start; unset: one is made."
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        max_length=2000,
        description="URL that traces are sent to, as http://collector:4318/v1/traces; unset: none.",
    )

    # Page
    playground: bool = Field(
        default=True, description="Whether there is a page at / to try the service with."
    )


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment; an empty variable counts as not set.

    Raises:
        SettingsError: A `LIKEWISE_` variable that does not exist, or a value that cannot be used.
    """
    given = {
        name.upper().removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.upper().startswith(PREFIX)
    }
    for field in given:
        _check_exists(field)
    values = {field.lower(): v for field, v in given.items() if v and field not in _OF_THE_CLIENT}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(dict(part)) for part in error.errors())) from error


def _check_exists(field: str) -> None:
    known = [name.upper() for name in Settings.model_fields]
    if field in known or field in _OF_THE_CLIENT:
        return
    near = difflib.get_close_matches(field, known, n=1)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else f"there are: {', '.join(known)}"
    raise SettingsError(f"there is no setting {PREFIX}{_shortened(field)}; {hint}")


def _sentence(part: Mapping[str, object]) -> str:
    location = part["loc"]
    field = str(location[0]) if isinstance(location, tuple) and location else "settings"
    value = _shortened(repr(part["input"]))
    return f"{PREFIX}{field.upper()}={value} cannot be used: {part['msg']}"


def _shortened(text: str) -> str:
    """Cut a value for a message, which is one line of the log."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"
