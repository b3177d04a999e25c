import io
import json
import os
import pty
import subprocess
import sys
import threading

import pytest

from app.telemetry.log_file import LogFile
from tests.servers import ROOT

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


def test_a_terminal_that_is_stopped_costs_lines_and_not_time():
    reading, writing = pty.openpty()
    with os.fdopen(writing, "w") as file, os.fdopen(reading, "rb", buffering=0) as terminal:
        log = LogFile(file)
        writer = threading.Thread(
            target=lambda: [log.write(LINE) for _ in range(5000)], daemon=True
        )
        writer.start()
        writer.join(20)
        assert not writer.is_alive()
        assert LINE.strip() in terminal.read(65_536).decode()


def full_disk(tmp_path, room):
    """A log file in a process that may write no file of more than so many bytes, after 20 lines."""
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from app.telemetry.log_file import LogFile\n"
        "limit = resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY)\n"
        "resource.setrlimit(*limit)\n"
        "with Path(sys.argv[1]).open('w') as file:\n"
        "    log = LogFile(file)\n"
        "    for n in range(20): log.write(f'line {n:02}\\n')\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "    log.write('again\\n')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "log"), str(room)]
    subprocess.run(command, check=True, cwd=ROOT, timeout=60)  # noqa: S603 (our own code)
    return (tmp_path / "log").read_text().splitlines()


@pytest.mark.parametrize("room", [80, 85])
def test_a_full_disk_costs_lines_and_no_error(tmp_path, room):
    lines = full_disk(tmp_path, room)
    kept = [line for line in lines if len(line) == len("line 00")]
    assert kept == [f"line {n:02}" for n in range(room // 8)]
    told = next(line for line in lines if line.startswith("{"))
    assert json.loads(told)["event"].startswith(f"{20 - room // 8} lines of the log were lost")
    assert lines[-1] == "again"


def test_a_pipe_whose_reader_is_gone_costs_lines_and_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    file = os.fdopen(writing, "w")
    log = LogFile(file)
    for _ in range(3):
        log.write(LINE)
    file.close()
