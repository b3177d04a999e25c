import logging
import logging.config

import pytest

from app.logs import PathOnly, logging_config
from app.settings import LogLevel


def access(*arguments):
    """A record as uvicorn's access log makes it."""
    line = '%s - "%s %s HTTP/%s" %d'
    return logging.LogRecord("uvicorn.access", logging.INFO, "", 0, line, arguments, None)


@pytest.mark.parametrize("path", ["/embed", "/embed?model=faces&key=secret", "/embed?"])
def test_the_access_log_leaves_the_query_out(path):
    record = access("127.0.0.1:5000", "POST", path, "1.1", 200)
    assert PathOnly().filter(record)
    assert record.getMessage() == '127.0.0.1:5000 - "POST /embed HTTP/1.1" 200'


def test_another_message_is_left_as_it_is():
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, "what? %s", ("a?b",), None)
    assert PathOnly().filter(record)
    assert record.getMessage() == "what? a?b"


def test_the_filter_stands_in_the_configuration():
    config = logging_config(LogLevel.INFO)
    (name,) = config["loggers"]["uvicorn.access"]["filters"]
    assert config["filters"][name]["()"] is PathOnly
