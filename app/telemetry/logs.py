"""Logging: one line for each event, to stderr, as JSON or for people.

Every line of a request has its `request_id`, and its `trace_id` if the client sent a `traceparent`.
Modules use the standard library's loggers, as uvicorn does, and structlog formats their messages.
The line of each request is written by structlog alone, at a third of the cost.
"""

import io
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

from app.settings import LogFormat, LogLevel
from app.telemetry.log_file import LogFile

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, level 1: version, trace, parent, flags."""
_NO_TRACE = "0" * 32
MAX_VALUE = 4_096
"""Characters of a value in a line; more are cut."""
MAX_TRACEBACK = 32_768
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that end a line, move a terminal's cursor, or reverse the direction of text."""
_names: ContextVar[Mapping[str, str]] = ContextVar("names", default=MappingProxyType({}))
"""Fields of every line of a request. One variable, set once: structlog's own context costs
three times as much for each request."""


def logging_config(
    level: LogLevel, log_format: LogFormat, worker: int | None = None
) -> dict[str, Any]:
    """Return the configuration for `logging.config`, which uvicorn applies in every worker.

    Args:
        level: Lowest level of the messages that are logged.
        log_format: Format of a line.
        worker: Index of the worker, in every line; None to leave it out.
    """
    wanted = level.value.upper()
    # Below warnings, uvicorn logs its start and stop, which our own line covers.
    of_server = wanted if level in {LogLevel.DEBUG, LogLevel.ERROR} else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "app.telemetry.logs.formatter",
                "log_format": log_format.value,
                "worker": worker,
            }
        },
        "handlers": {
            "stderr": {"()": "app.telemetry.logs.handler", "formatter": "line"},
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "app": {"level": wanted},
            "app.audit": {"level": "INFO"},  # Whatever else is logged.
            "uvicorn.error": {"level": of_server},
            # `AccessLog` writes the line of each request.
            "uvicorn.access": {"level": "WARNING"},
        },
    }


def handler() -> logging.Handler:
    """Create the handler of all loggers; named in `logging_config`."""
    return logging.StreamHandler(LogFile(sys.stderr))


def formatter(log_format: str, worker: int | None = None) -> structlog.stdlib.ProcessorFormatter:
    """Create the formatter of the standard library's loggers; named in `logging_config`."""
    chosen = LogFormat(log_format)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            _add_names,
            partial(_add_worker, worker),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _timestamp(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *([structlog.processors.format_exc_info] if chosen is LogFormat.JSON else [_escape]),
            _cut,
            _renderer(chosen, sys.stderr),
        ],
    )


def name_request(request_id: str, trace_id: str | None) -> None:
    """Add the id of this request, and of its trace if there is one, to its further lines."""
    names = {"request_id": request_id}
    if trace_id is not None:
        names["trace_id"] = trace_id
    _names.set(names)


def trace_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the trace id of a client's `traceparent`, or None without a valid one."""
    for name, value in headers:
        if name == b"traceparent":
            match = _TRACEPARENT.fullmatch(value)
            found = match[1].decode() if match else _NO_TRACE
            return None if found == _NO_TRACE else found
    return None


class AccessLog:
    """Access log: one line for each request, without anything of its body or query."""

    def __init__(
        self, log_format: LogFormat, file: TextIO | None = None, worker: int | None = None
    ) -> None:
        """Write to a file; None for the current stderr. The worker's index is in every line."""
        file = sys.stderr if file is None else file
        labels = {} if worker is None else {"worker": worker}
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(cast("TextIO", LogFile(file))),
            processors=[_add_names, _add_level, _timestamp(), _renderer(log_format, file)],
            wrapper_class=structlog.BoundLogger,
        ).bind(logger="app.access", **labels)

    def answered(self, seconds: float, **fields: str | int | None) -> None:
        """Log an answered request.

        Args:
            seconds: Time to answer it.
            fields: Fields of the line; those that are None are left out. `client` is the client's
                address, as far as trusted proxies give it, `route` the template of the route (a
                path could contain anything), and `model` the name of the requested model.
        """
        known = {name: value for name, value in fields.items() if value is not None}
        self._log.info("request", **known, ms=round(1000 * seconds, 3))


def _add_names(logger: object, method: str, event: structlog.typing.EventDict) -> Any:  # noqa: ANN401 (structlog's own type)
    del logger, method
    return {**_names.get(), **event}


def _add_worker(
    worker: int | None, logger: object, method: str, event: structlog.typing.EventDict
) -> Any:  # noqa: ANN401 (structlog's own type)
    del logger, method
    return event if worker is None else {"worker": worker, **event}


def _add_level(logger: object, method: str, event: structlog.typing.EventDict) -> Any:  # noqa: ANN401 (structlog's own type)
    del logger
    event["level"] = method
    return event


def _escape(logger: object, method: str, event: structlog.typing.EventDict) -> Any:  # noqa: ANN401 (structlog's own type)
    """Escape what could forge a line or a colour; JSON escapes by itself."""
    del logger, method
    return {name: escaped(part) if isinstance(part, str) else part for name, part in event.items()}


def escaped(text: str) -> str:
    """Return a text with its control characters as escapes, as in a Python string."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def _cut(logger: object, method: str, event: structlog.typing.EventDict) -> Any:  # noqa: ANN401 (structlog's own type)
    """Cut values that are too long, which a client or a file could have made so."""
    del logger, method
    return {name: _shorten(name, part) for name, part in event.items()}


def _shorten(name: str, value: object) -> object:
    longest = MAX_TRACEBACK if name == "exception" else MAX_VALUE
    if not isinstance(value, str) or len(value) <= longest:
        return value
    return f"{value[:longest]}… ({len(value)} characters)"


def _indented_traceback(file: TextIO, exception: structlog.typing.ExcInfo) -> None:
    """Write a traceback, indented so that no line of it looks like a line of the log."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exception)
    lines = text.getvalue()[:MAX_TRACEBACK].splitlines()
    file.writelines(f"\n    {escaped(line)}" for line in lines if line)


def _timestamp() -> Processor:
    return structlog.processors.TimeStamper(fmt="iso", utc=True)


def _renderer(log_format: LogFormat, file: TextIO) -> Processor:
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=file.isatty(), exception_formatter=_indented_traceback
    )
