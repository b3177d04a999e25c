import io
import json
import logging
import logging.config

import pytest

from app.settings import LogFormat, LogLevel
from app.telemetry.logs import AccessLog, logging_config, name_request, trace_id_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def log(capsys):
    """What the standard library's loggers have said, as they are set for the length of a test."""
    root = logging.getLogger()
    names = list(logging_config(LogLevel.INFO, LogFormat.JSON)["loggers"])
    before = [(logger, logger.level) for logger in (root, *map(logging.getLogger, names))]
    handlers = root.handlers[:]
    server = logging.getLogger("uvicorn")  # Its own configuration, in another test, stops it.
    propagates, server.propagate = server.propagate, True
    yield lambda: capsys.readouterr().err
    root.handlers = handlers
    server.propagate = propagates
    for logger, level in before:
        logger.setLevel(level)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["app.main", "uvicorn.error"])
def test_a_line_of_any_logger_is_one_object_with_the_requests_id(log, name):
    logging.config.dictConfig(logging_config(LogLevel.DEBUG, LogFormat.JSON))
    name_request("abc", TRACE)
    logging.getLogger(name).warning("%d things\nhappened", 2)
    (line,) = lines(log())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "2 things\nhappened",
        "level": "warning",
        "logger": name,
        "request_id": "abc",
        "trace_id": TRACE,
    }


def test_a_traceback_is_one_line_too(log):
    logging.config.dictConfig(logging_config(LogLevel.INFO, LogFormat.JSON))
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logging.getLogger("app.api").exception("failed")
    (line,) = lines(log())
    assert "ZeroDivisionError: division by zero" in line["exception"]


def test_for_people_a_line_is_no_object_and_has_no_colours_in_a_file(log):
    logging.config.dictConfig(logging_config(LogLevel.INFO, LogFormat.CONSOLE))
    logging.getLogger("app.main").info("ready on http://127.0.0.1:8000")
    said = log()
    assert "ready on http://127.0.0.1:8000" in said
    assert not said.startswith("{")
    assert "\x1b" not in said


def fail(message):
    """Log an exception with a message."""
    error = RuntimeError(message)
    logging.getLogger("app.api").error("failed", exc_info=error)


EVIL = "a\r\n2026 [error] forged\x1b[31m\x9b\u2028\u202e\x00"


@pytest.mark.parametrize("log_format", LogFormat)
def test_no_value_can_forge_a_line_or_a_colour(log, log_format):
    logging.config.dictConfig(logging_config(LogLevel.INFO, log_format))
    logging.getLogger("app.main").error("model %s is left out", EVIL)
    (line,) = log().splitlines()
    assert line.isprintable()
    assert "\\r\\n2026" in line


def test_a_traceback_cannot_forge_a_line(log):
    logging.config.dictConfig(logging_config(LogLevel.INFO, LogFormat.CONSOLE))
    fail(EVIL)
    first, *rest = log().splitlines()
    assert "failed" in first
    assert any("forged" in line for line in rest)
    assert all(line.startswith("    ") and line.isprintable() for line in rest)


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_value_that_is_too_long_is_cut(log, log_format):
    logging.config.dictConfig(logging_config(LogLevel.INFO, log_format))
    logging.getLogger("app.main").error("%s", "x" * 1_000_000)
    assert "1000000 characters" in (told := log())
    assert len(told) < 5_000
    fail("x" * 1_000_000)
    assert len(log()) < 40_000


def test_what_is_below_the_level_is_not_logged(log):
    logging.config.dictConfig(logging_config(LogLevel.WARNING, LogFormat.JSON))
    logging.getLogger("app.main").info("ready")
    logging.getLogger("uvicorn.error").info("started")
    assert log() == ""


def test_the_line_of_a_request_says_what_became_of_it():
    file = io.StringIO()
    name_request("abc", None)
    log = AccessLog(LogFormat.JSON, file)
    log.answered(
        0.0012345, client="192.0.2.7", method="POST", route="/verify", status=200, model="faces"
    )
    (line,) = lines(file.getvalue())
    del line["timestamp"]
    assert line == {
        "client": "192.0.2.7",
        "event": "request",
        "level": "info",
        "logger": "app.access",
        "method": "POST",
        "model": "faces",
        "ms": 1.234,
        "request_id": "abc",
        "route": "/verify",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"00-{TRACE}-b7ad6b7169203331-01-more", None),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", None),
        ("00-" + "0" * 32 + "-b7ad6b7169203331-01", None),
        ('"} {"forged": 1', None),
        ("", None),
    ],
)
def test_a_trace_is_named_where_the_client_sent_a_traceparent(sent, found):
    headers = [(b"host", b"x"), (b"traceparent", sent.encode())]
    assert trace_id_of(headers) == found


def test_without_a_traceparent_there_is_no_trace():
    assert trace_id_of([(b"host", b"x")]) is None
