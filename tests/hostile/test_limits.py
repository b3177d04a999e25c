"""What the operating system may refuse or do: open files, streams, disks, signals."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import photo
from tests.hostile.server import read_reply, request, running
from tests.servers import PATIENCE_S, ROOT, wait_until

GOOD = request("/embed", photo(1))
LIVE = b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n"


def shell(line):
    """A shell that prepares the process and then becomes it."""
    return ("sh", "-c", f'{line}; exec "$0" "$@"')


def with_streams(redirections):
    """A shell that becomes the process, with these streams."""
    return ("sh", "-c", f'exec "$0" "$@" {redirections}')


def ask(connection, data):
    connection.sendall(data)
    return read_reply(connection)


def stopped(server):
    server.process.send_signal(signal.SIGTERM)
    return server.process.wait(PATIENCE_S)


@pytest.mark.serial
def test_where_files_run_out_connections_are_refused_and_those_that_are_open_answered(
    models_dir, tmp_path
):
    with (
        running(models_dir, tmp_path / "log", before=shell("ulimit -n 100")) as server,
        contextlib.ExitStack() as stack,
    ):
        held = [stack.enter_context(server.connect()) for _ in range(150)]
        replies = [ask(connection, LIVE) for connection in held[-50:]]
        assert {(reply.status, reply.problem) for reply in replies} == {(503, "overloaded")}
        began = server.cpu_s()
        time.sleep(1)
        assert server.cpu_s() - began < 0.3
        assert ask(held[0], GOOD).status == 200
        for connection in held:
            connection.close()
        time.sleep(0.5)
        assert server.send(GOOD).status == 200
        assert "the process may open 100 files only" in server.log


def refusal(models_dir, before=(), **settings):
    """The line of a start that fails."""
    settings = {"MODELS_DIR": models_dir, "DEFAULT_MODEL": "tiny"} | settings
    ended = subprocess.run(  # noqa: S603 (our own program)
        [*before, sys.executable, "-m", "app"],
        cwd=ROOT,
        env=os.environ | {f"LIKEWISE_{name}": str(value) for name, value in settings.items()},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    return line.removeprefix("likewise cannot start: ")


def test_a_service_that_may_open_next_to_no_file_does_not_start(models_dir):
    line = refusal(models_dir, shell("ulimit -n 64"))
    assert line.startswith("the process may open 64 files only")


@pytest.mark.parametrize("name", ["HOST", "MODELS_DIR", "API_KEYS_FILE", "METRICS_DIR"])
def test_a_setting_of_any_length_is_refused_in_a_line_that_can_be_read(models_dir, name):
    assert len(refusal(models_dir, **{name: "a" * 100_000})) <= 2000


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("closed", ["1>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_change_nothing(models_dir, tmp_path, closed, workers):
    settings = {"before": with_streams(closed), "WORKERS": workers}
    with running(models_dir, tmp_path / "log", **settings) as server:
        assert server.send(GOOD).status == 200
        assert server.send(b"hello\r\n\r\n").status == 400
        assert stopped(server) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_log_on_a_full_disk_costs_no_answer_and_no_connection(models_dir, tmp_path, workers):
    settings = {"before": with_streams("2>/dev/full"), "LOG_LEVEL": "info", "WORKERS": workers}
    with running(models_dir, tmp_path / "log", **settings) as server, server.connect() as kept:
        assert [ask(kept, GOOD).status for _ in range(20)] == [200] * 20
        assert stopped(server) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_signals_of_log_rotation_and_pipes_end_nothing(models_dir, tmp_path, workers):
    with running(models_dir, tmp_path / "log", WORKERS=workers) as server:
        for number in (signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2):
            server.process.send_signal(number)
            time.sleep(0.3)
        assert server.send(GOOD).status == 200
        assert stopped(server) == 0


OTHER_USER = "54321"
"""A user without processes, since root has no limit of them."""


def as_other_user():
    """A command that becomes that user, who may still read the files of this one."""
    capabilities = "-all,+dac_read_search,+dac_override"
    return (
        *("setpriv", "--reuid", OTHER_USER, "--clear-groups"),
        *("--inh-caps", capabilities, "--ambient-caps", capabilities),
    )


def allow_processes(server, most):
    command = ["prlimit", "--pid", str(server.process.pid), f"--nproc={most}:"]
    subprocess.run([*as_other_user(), *command], check=True)  # noqa: S603 (our own process)


def workers_of(server):
    """The processes of the workers."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [
        pid
        for pid in map(int, children.split())
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv"
)
def test_a_worker_that_cannot_be_replaced_yet_is_replaced_later(models_dir, tmp_path):
    """The limit of processes (`ulimit -u`, or that of a container) is reached for a while."""
    tmp_path.chmod(0o755)
    with running(models_dir, tmp_path / "log", before=as_other_user(), WORKERS=2) as server:
        allow_processes(server, 1)
        killed = workers_of(server)[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: "no process could be started" in server.log)
        assert server.send(GOOD).status == 200
        allow_processes(server, 1000)
        wait_until(lambda: len(workers_of(server)) == 2)
        assert killed not in workers_of(server)
        assert stopped(server) == 0


COMPILER = shutil.which("cc")


@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler, as `cc`")
@pytest.mark.parametrize("days", [400, -20 * 365])
def test_a_jump_of_the_clock_changes_the_date_and_nothing_else(models_dir, tmp_path, days):
    shift_s, library = tmp_path / "shift", tmp_path / "wall_clock.so"
    shift_s.write_bytes(bytes(8))
    source = Path(__file__).with_name("wall_clock.c")
    subprocess.run(  # noqa: S603 (our own source)
        [COMPILER, "-shared", "-fPIC", "-o", library, source], check=True
    )
    faked = ("env", f"LD_PRELOAD={library}", f"WALL_CLOCK_SHIFT={shift_s}")
    with (
        running(models_dir, tmp_path / "log", before=faked, WORKERS=2, KEEP_ALIVE_S=60) as server,
        server.connect() as kept,
    ):
        dates = [ask(kept, GOOD).headers["date"]]
        with shift_s.open("r+b") as file:
            file.write((days * 86_400).to_bytes(8, sys.byteorder, signed=True))
        time.sleep(1.5)  # The date is renewed each second.
        dates += [ask(kept, GOOD).headers["date"] for _ in range(3)]
        assert dates[0][12:16] != dates[-1][12:16]
        assert server.send(b"GET /readyz HTTP/1.1\r\nHost: t\r\n\r\n").status == 200
        began = time.monotonic()
        assert stopped(server) == 0
        assert time.monotonic() - began < 10
