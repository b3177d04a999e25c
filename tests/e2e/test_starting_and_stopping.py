"""The real service where a start, a reload or a stop does not go well."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests import fakes
from tests.servers import ROOT, exit_of, free_port, server, start, stop, wait_until

WHITE = fakes.encoded(fakes.Image.new("L", (24, 32), 255))
ENDS_WITHIN_S = 5.0
"""Time after the drain before a process is ended; `app.server.ending.GRACE_S`."""
pytestmark = pytest.mark.timeout(180)


def run(*arguments, **settings):
    environment = {name: value for name, value in os.environ.items() if "LIKEWISE" not in name}
    environment |= {f"LIKEWISE_{name}": str(value) for name, value in settings.items()}
    command = [sys.executable, *arguments]
    return subprocess.run(  # noqa: S603 (our own program)
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False
    )


def seconds_to_end(process):
    """Send SIGTERM; the status, the log and the time until the process has ended."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    status, log = exit_of(process)
    return status, log, time.monotonic() - began


@contextlib.contextmanager
def log_of(process):
    """The lines that a process has logged so far."""
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr))
    reader.start()
    try:
        yield lines
    finally:
        process.kill()
        reader.join()
        process.communicate()


def children_of(process):
    """The processes that the threads of a process have begun, by their command lines."""
    found = {}
    with contextlib.suppress(OSError):  # One has ended meanwhile.
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            for pid in children.read_text().split():
                found[int(pid)] = Path(f"/proc/{pid}/cmdline").read_text()
    return found


def workers_of(supervisor):
    return [pid for pid, command in children_of(supervisor).items() if "spawn_main" in command]


def test_the_help_explains_every_setting_and_command_and_starts_nothing():
    helped = run("-m", "app", "--help", MODELS_DIR="/nowhere", PORT="none")
    assert helped.returncode == 0
    assert "LIKEWISE_DRAIN_TIMEOUT_S=15.0" in helped.stdout
    assert "Maximum size of an image, in pixels." in helped.stdout
    assert "python -m app.keys NAME" in helped.stdout
    assert helped.stderr == ""


def test_the_version_is_that_of_the_package():
    printed = run("-m", "app", "--version")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("likewise ")


@pytest.mark.parametrize(
    "command",
    [
        ["app", "serve"],
        ["app", "--port", "9000"],
        ["app", "--vers"],
        ["app.server.openapi", "x"],
        ["app.server.healthcheck"],
        ["app.server.healthcheck", "http"],
    ],
    ids=" ".join,
)
def test_arguments_that_do_not_exist_are_refused_and_nothing_is_started(command):
    refused = run("-m", *command)
    assert refused.returncode == 2
    assert "usage: python -m app" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_service_whose_port_is_taken_never_says_that_it_is_ready(models_dir, workers):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, lines = exit_of(start(models_dir, PORT=port, WORKERS=workers))
    assert status == 1
    (line,) = lines
    assert line.startswith(f"likewise cannot start: port {port} of 127.0.0.1 is in use")


TAKEN_LATER = """
import socket, sys
from app.server.server import serve
from app.server.sockets import bind
from app.settings import read_settings
from app.worker.worker_state import WorkerStates
settings = read_settings()
listening, other = bind(settings.host, settings.port), socket.socket()
other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
other.bind((settings.host, settings.port))
other.listen()
sys.exit(serve(settings, WorkerStates.alone(), listening))
"""


def test_a_port_that_another_listens_on_first_ends_the_start_without_ready(models_dir):
    port = free_port()
    ended = run("-c", TAKEN_LATER, MODELS_DIR=models_dir, DEFAULT_MODEL="tiny", PORT=port)
    assert ended.returncode == 3
    assert f"port {port} of 127.0.0.1 is in use" in ended.stderr
    assert "ready on" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_has_a_line_when_it_begins_and_when_it_ends_and_workers_are_named(
    models_dir, workers
):
    with server(models_dir, WORKERS=workers, LOG_FORMAT="json") as (process, client):
        for _ in range(20):
            httpx2.get(f"{client.base_url}/models", trust_env=False)
        status, log = stop(process)
    assert status == 0
    lines = [json.loads(line) for line in log.splitlines()]
    events = [line["event"] for line in lines]
    assert events[-1] == "stopped"
    named = {line.get("worker") for line in lines if line["event"].startswith("ready on")}
    of_requests = {line.get("worker") for line in lines if line.get("route") == "/models"}
    stopping = {line.get("worker") for line in lines if line["event"].startswith("stopping: ")}
    assert named == stopping == ({None} if workers == 1 else {0, 1})
    assert of_requests
    assert of_requests <= named
    assert workers == 1 or "stopping 2 workers" in events


def test_a_worker_that_is_stopped_while_it_starts_is_replaced(models_dir):
    process = start(models_dir, PORT=free_port(), WORKERS=2, START_TIMEOUT_S=15)
    with log_of(process) as log:
        wait_until(lambda: workers_of(process.pid))
        os.kill(workers_of(process.pid)[0], signal.SIGSTOP)
        wait_until(lambda: sum("ready on" in line for line in list(log)) == 2)
        assert any("was not ready within LIKEWISE_START_TIMEOUT_S=15" in line for line in log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def checking(service, workers):
    """Whether each process that loads models has one of its own, in which a graph is checked."""
    loading = [service] if workers == 1 else workers_of(service)
    return len(loading) == workers and all(map(children_of, loading))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_during_the_start_ends_it(tmp_path, workers):
    fakes.endless_bundle(tmp_path)
    process = start(tmp_path, PORT=free_port(), WORKERS=workers, DRAIN_TIMEOUT_S=1)
    wait_until(lambda: checking(process.pid, workers))
    time.sleep(0.5)
    assert process.poll() is None
    status, log, took_s = seconds_to_end(process)
    assert took_s < 1 + ENDS_WITHIN_S + 3
    assert status == 0
    assert "stopped" in log[-1]


def test_a_start_that_does_not_end_is_ended_with_the_reason(tmp_path):
    fakes.endless_bundle(tmp_path)
    status, lines = exit_of(start(tmp_path, PORT=free_port(), START_TIMEOUT_S=2))
    assert status == 3
    assert any("not done within LIKEWISE_START_TIMEOUT_S=2" in line for line in lines)
    assert not any("Traceback" in line for line in lines)


def refused_by(client):
    return [each["name"] for each in client.get("/models").json()["refused"]]


@pytest.mark.parametrize("what", ["fifo", "endless", "zero"])
def test_a_reload_that_finds_no_regular_file_or_no_end_holds_up_neither_answers_nor_the_stop(
    models_dir, tmp_path, what
):
    folder = shutil.copytree(models_dir, tmp_path / "bundles")
    with server(folder, DRAIN_TIMEOUT_S=1, START_TIMEOUT_S=3) as (process, client):
        shutil.rmtree(folder / "tiny-codes")
        if what == "endless":
            fakes.endless_bundle(folder, "other")
        else:
            shutil.copytree(folder / "tiny", folder / "other")
            (folder / "other/encoder.onnx").unlink()
        if what == "fifo":
            os.mkfifo(folder / "other/encoder.onnx")
        if what == "zero":
            (folder / "other/encoder.onnx").symlink_to("/dev/zero")
        process.send_signal(signal.SIGHUP)
        if what == "endless":
            time.sleep(4)
            assert refused_by(client) == []
        else:
            wait_until(lambda: refused_by(client) == ["other"], within_s=4)
        answer = client.post(
            "/embed", content=fakes.photo(1), headers={"Content-Type": "image/png"}
        )
        assert answer.status_code == 200
        status, log, took_s = seconds_to_end(process)
    assert took_s < 1 + ENDS_WITHIN_S + 3
    assert status == 0, log
    reason = "the reload: not done within" if what == "endless" else "not a regular file"
    assert any(reason in line for line in log)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_never_ends_does_not_hold_up_the_stop(tmp_path, workers):
    fakes.endless_bundle(tmp_path, from_mean=254)
    settings = {"DRAIN_TIMEOUT_S": 0.5, "DEADLINE_MS": 500, "WORKERS": workers}
    with server(tmp_path, **settings) as (process, client):
        answer = client.post("/embed", content=WHITE, headers={"Content-Type": "image/png"})
        assert answer.status_code == 504
        status, log, took_s = seconds_to_end(process)
    assert took_s < 0.5 + ENDS_WITHIN_S + 3
    assert status == (1 if workers == 1 else 0)
    assert any("at once" in line or "is killed" in line for line in log)
