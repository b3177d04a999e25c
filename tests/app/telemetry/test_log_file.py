import io
import json
import os
import threading

import pytest

from app.telemetry.log_file import LogFile

LINE = "x" * 99 + "\n"


@pytest.fixture
def pipe():
    """Both ends of a pipe: a log that writes to it, and what reads all that is there."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(writing, "w") as file:
        yield LogFile(file), lambda: os.read(reading, 1 << 20).decode()
    os.close(reading)


def test_lines_reach_the_file_at_once(pipe):
    log, read = pipe
    log.write("one\n")
    log.write("two\n")
    assert read() == "one\ntwo\n"


def test_a_pipe_that_nobody_reads_costs_lines_and_not_time(pipe):
    log, read = pipe
    writer = threading.Thread(target=lambda: [log.write(LINE) for _ in range(5000)], daemon=True)
    writer.start()
    writer.join(20)
    assert not writer.is_alive()
    kept = read().splitlines()
    assert 500 < len(kept) < 5000
    assert set(kept) == {LINE.strip()}
    log.write("again\n")
    told, last = read().splitlines()
    assert json.loads(told)["event"].startswith(f"{5000 - len(kept)} lines of the log were lost")
    assert last == "again"
    log.write("and again\n")
    assert read() == "and again\n"


def test_a_line_longer_than_a_pipe_takes_at_once_is_whole_where_there_is_room(pipe):
    log, read = pipe
    text = "äß" * 4000 + "\n"
    log.write(text)
    assert read() == text


def test_a_line_that_is_cut_does_not_run_into_the_next(pipe):
    log, read = pipe
    log.write("y" * 1_000_000 + "\n")
    kept = read()
    assert set(kept) == {"y"}
    log.write("again\n")
    end, told, last = read().splitlines()
    assert end == ""
    assert json.loads(told)["event"].startswith("1 lines")
    assert last == "again"


def test_a_file_is_simply_written_to(tmp_path):
    with (tmp_path / "log").open("w") as file:
        for _ in range(2000):
            LogFile(file).write(LINE)
    assert (tmp_path / "log").read_text() == 2000 * LINE


def test_what_is_no_file_of_the_system_is_simply_written_to():
    held = io.StringIO()
    LogFile(held).write("one\n")
    assert held.getvalue() == "one\n"
