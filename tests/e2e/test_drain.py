import contextlib
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tests import fakes
from tests.servers import exit_of, free_port, server, start, wait_until, wait_until_ready

BODY = fakes.photo(1)
HEAD = (
    f"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n"
    "Content-Type: image/png\r\n\r\n"
).encode()
PROBED_EVERY_S = 0.05
pytestmark = pytest.mark.serial


def embed(client):
    return client.post("/embed", content=BODY, headers={"Content-Type": "image/png"})


@contextlib.contextmanager
def begun_upload(port):
    """A request in flight: its head and half of its body have been sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(HEAD + BODY[:50])
        time.sleep(0.2)
        yield line


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def ask(port, path):
    """A GET over a connection of its own, which any worker may take."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as line:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read()


def is_ready(port):
    try:
        return ask(port, "/readyz")[0] == 200
    except OSError:
        return False


class Gateway(threading.Thread):
    """A client of several replicas in turn, over kept connections; it retries nothing.

    It asks a replica's /readyz before it sends to it, at most every `PROBED_EVERY_S`.
    """

    def __init__(self, ports):
        super().__init__()
        self.ports = ports
        self.outcomes = []
        self._over = threading.Event()
        self._lines = {}
        self._probes = {}

    def run(self):
        for turn in itertools.count():
            if self._over.is_set():
                break
            ready = [port for port in list(self.ports) if self._is_ready(port)]
            self.outcomes.append(self._send(ready[turn % len(ready)]) if ready else "nobody")
        for line in self._lines.values():
            line.close()

    def end(self):
        self._over.set()
        self.join()
        return self.outcomes

    def _is_ready(self, port):
        at, ready = self._probes.get(port, (0, False))
        if time.monotonic() - at > PROBED_EVERY_S:
            ready = is_ready(port)
            self._probes[port] = time.monotonic(), ready
        return ready

    def _send(self, port):
        line = self._lines.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, 20))
        try:
            line.request("POST", "/embed", BODY, {"Content-Type": "image/png"})
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            return f"{port}: {error!r}"
        return answer.status if answer.status != 200 else port


@contextlib.contextmanager
def load(ports, clients=2):
    """Requests without a pause; gives a function that ends them and tells what became of each."""
    gateways = [Gateway(ports) for _ in range(clients)]
    for gateway in gateways:
        gateway.start()
    try:
        yield lambda: [outcome for gateway in gateways for outcome in gateway.end()]
    finally:
        for gateway in gateways:
            gateway.end()


def test_no_request_fails_while_all_replicas_are_replaced_under_load(models_dir):
    def replicas():
        ports = [free_port(), free_port()]
        # Nobody reads the pipe of their log until they end: a line for each request would fill it.
        quiet = {"DRAIN_DELAY_S": 1, "ACCESS_LOG": "false"}
        return {port: start(models_dir, PORT=port, **quiet) for port in ports}

    old = replicas()
    wait_until(lambda: all(map(is_ready, old)))
    ports = list(old)
    new = {}
    try:
        with load(ports) as end:
            new = replicas()
            wait_until(lambda: all(map(is_ready, new)))
            ports += list(new)
            for process in old.values():
                process.send_signal(signal.SIGTERM)
                assert exit_of(process)[0] == 0
            outcomes = end()
    finally:
        for process in [*old.values(), *new.values()]:
            process.kill()
            process.communicate()
    assert set(outcomes) == {*old, *new}, "all answered with 200, and each replica did its part"


def test_a_stop_gives_time_to_notice_then_refuses_what_is_new_and_ends_what_has_begun(models_dir):
    with server(models_dir, DRAIN_DELAY_S=1) as (process, client):
        port = client.base_url.port
        with (
            begun_upload(port) as upload,
            begun_upload(port) as early,
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, 20)) as idle,
        ):
            idle.connect()
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: client.get("/readyz").status_code == 503)
            answered = [embed(client)]
            wait_until(
                lambda: answered[-1].headers.get("connection") or answered.append(embed(client))
            )
            assert {answer.status_code for answer in answered} == {200}
            assert answered[-1].headers["connection"] == "close"
            early.sendall(BODY[50:])
            assert early.recv(100).startswith(b"HTTP/1.1 200")
            wait_until(lambda: not is_open(port))
            time.sleep(0.1)
            idle.request("POST", "/embed", BODY, {"Content-Type": "image/png"})
            refused = idle.getresponse()
            assert refused.status == 503
            assert refused.headers["connection"] == "close"
            assert b"not-ready" in refused.read()
            assert process.poll() is None
            upload.sendall(BODY[50:])
            assert upload.recv(100).startswith(b"HTTP/1.1 200")
        assert exit_of(process)[0] == 0


def test_what_is_still_in_flight_after_the_timeout_is_cut(models_dir):
    with (
        server(models_dir, DRAIN_TIMEOUT_S=0.2) as (process, client),
        begun_upload(client.base_url.port),
    ):
        process.send_signal(signal.SIGTERM)
        status, log = exit_of(process)
    assert status == 0
    assert any("1 requests are cut" in line for line in log)


def assert_a_second_signal_ends_at_once(process, port):
    with begun_upload(port):
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_open(port))
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        assert process.wait(timeout=60) == 128 + signal.SIGINT
        assert time.monotonic() - started < 5


def test_a_second_signal_ends_at_once(models_dir):
    with server(models_dir) as (process, client):
        assert_a_second_signal_ends_at_once(process, client.base_url.port)


def test_workers_take_in_models_under_load_and_one_that_dies_is_replaced(models_dir, tmp_path):
    folder = shutil.copytree(models_dir, tmp_path / "bundles")
    with server(folder, WORKERS=2) as (process, client), followed_log(process) as log:
        port = client.base_url.port

        def seen():
            """What several connections are told; any worker may take each."""
            lists = [json.loads(ask(port, "/models")[1]) for _ in range(12)]
            return {
                (*(m["sha256"][:8] for m in a["models"]), *(r["name"] for r in a["refused"]))
                for a in lists
            }

        (before,) = seen()
        with load([port]) as end:
            fakes.make_bundle(folder, "tiny", seed=1)
            (folder / "tiny-codes/encoder.onnx").write_bytes(b"altered")
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: count(log, "model tiny-codes stays as it was") == 2)
            wait_until(lambda: len(now := seen()) == 1 and now != {before})
            (after,) = seen()
            outcomes = end()
        assert set(outcomes) == {port}
        assert after[0] != before[0]
        assert after[1:] == (before[1], "tiny-codes")
        kill_a_worker(process.pid)
        wait_until(lambda: not is_ready(port))
        wait_until_ready(client, process)
        assert_a_second_signal_ends_at_once(process, port)
    assert count(log, "ended with -9; another is started") == 1


@contextlib.contextmanager
def followed_log(process):
    """The lines that a process has logged so far."""
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr))
    reader.start()
    try:
        yield lines
    finally:
        process.kill()
        reader.join()


def count(log, what):
    return sum(what in line for line in list(log))


def kill_a_worker(supervisor):
    """The last of the supervisor's children that is a worker, and not multiprocessing's tracker."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    workers = [pid for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
    os.kill(int(workers[-1]), signal.SIGKILL)
