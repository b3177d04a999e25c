"""The supervisor with real processes, which do something simpler than to serve."""

import contextlib
import os
import signal
import threading
import time

import pytest

from app.server import supervisor
from app.server.supervisor import Supervisor
from app.settings import Settings
from tests.app.server import small_workers
from tests.app.server.small_workers import STARTUP_FAILURE
from tests.servers import wait_until

pytestmark = pytest.mark.timeout(120)


@contextlib.contextmanager
def supervised(monkeypatch, work, **settings):
    """A supervisor whose workers run `work`; its status, once it has ended."""
    monkeypatch.setattr(supervisor, "work", work)
    monkeypatch.setattr(supervisor, "_FIRST_PAUSE_S", 0.01)
    handlers = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield Supervisor(Settings(workers=2, drain_timeout_s=0.1, **settings), [])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def end_when(true):
    """Send SIGTERM to this process, as an operator would, once something is true."""

    def wait():
        wait_until(true)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def test_a_worker_that_dies_at_each_start_ends_the_service_with_the_reason(monkeypatch, caplog):
    with supervised(monkeypatch, small_workers.die_of_a_bus_error) as service:
        assert service.run() == STARTUP_FAILURE
    (line,) = [line for line in caplog.messages if "the service ends" in line]
    assert "worker 0 failed to start 5 times in a row" in line
    assert "SIGBUS; is /dev/shm or the metrics folder full?" in line
    assert sum("another is started" in line for line in caplog.messages) == 4


def test_a_worker_that_cannot_be_replaced_ends_the_service_too(monkeypatch, caplog):
    with supervised(monkeypatch, small_workers.fail_where_another_serves) as service:
        service._has_served = True
        assert service.run() == STARTUP_FAILURE
    assert "ended with status 3; its lines in the log say why" in caplog.text


def test_a_worker_that_is_stopped_while_it_starts_is_replaced(monkeypatch, caplog, tmp_path):
    with supervised(
        monkeypatch, small_workers.hang_at_the_first_start, models_dir=tmp_path, start_timeout_s=8
    ) as service:
        end_when(lambda: service._worker_states.all_ready)
        assert service.run() == 0
    assert (
        "worker 0 was not ready within LIKEWISE_START_TIMEOUT_S=8; it is replaced"
        in caplog.messages
    )


def test_a_worker_that_hangs_while_it_is_not_ready_is_replaced(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(supervisor, "HUNG_S", 3)
    with supervised(monkeypatch, small_workers.stop_once_not_ready, models_dir=tmp_path) as service:
        end_when(lambda: "it is replaced" in caplog.text and service._worker_states.all_ready)
        assert service.run() == 0
    assert caplog.text.count("worker 0 has hung for 3 s; it is replaced") == 1


def test_a_worker_that_does_not_stop_is_killed_within_the_stated_bound(monkeypatch, caplog):
    monkeypatch.setattr(supervisor, "GRACE_S", 0.5)
    stopped = []
    with supervised(monkeypatch, small_workers.ignore_all_signals) as service:
        end_when(lambda: service._worker_states.all_ready and (stopped.append(time.monotonic()), 1))
        assert service.run() == 0
        assert time.monotonic() - stopped[0] < 10
    assert "worker 0 has not stopped in time; it is killed" in caplog.messages
