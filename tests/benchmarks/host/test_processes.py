import os
import signal
import subprocess
import sys
import time

import pytest

from benchmarks.host import processes

_SPIN = "while True: pass"
_PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_SPIN!r}])"


@pytest.fixture
def spinning():
    """A process that waits for a child, which takes all the time that it gets."""
    command = [sys.executable, "-c", _PARENT]
    parent = subprocess.Popen(command, start_new_session=True)  # noqa: S603 (our own)
    while processes.cpu_seconds(parent.pid) < 0.3:
        time.sleep(0.02)
    yield parent
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()


def test_a_tree_that_is_held_takes_no_time_and_goes_on_afterwards(spinning):
    with processes.paused(spinning.pid):
        time.sleep(0.05)  # A stop is delivered with the next tick.
        before = processes.cpu_seconds(spinning.pid)
        time.sleep(0.4)
        assert processes.cpu_seconds(spinning.pid) == before
    patience = time.monotonic() + 20
    while processes.cpu_seconds(spinning.pid) < before + 0.1:
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_a_tree_goes_on_where_the_block_fails(spinning):
    with pytest.raises(RuntimeError), processes.paused(spinning.pid):
        raise RuntimeError
    before, patience = processes.cpu_seconds(spinning.pid), time.monotonic() + 20
    while processes.cpu_seconds(spinning.pid) < before + 0.1:
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_the_time_of_a_child_that_has_ended_is_counted_where_it_is_asked_for():
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    wait = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); input()"
    with subprocess.Popen([sys.executable, "-c", wait], stdin=subprocess.PIPE) as parent:  # noqa: S603 (our own)
        patience = time.monotonic() + 20
        while (
            processes.cpu_seconds_with_ended(parent.pid) < 0.3
            or len(list(processes.tree(parent.pid))) > 1
        ):
            assert time.monotonic() < patience
            time.sleep(0.02)
        assert processes.cpu_seconds(parent.pid) < processes.cpu_seconds_with_ended(parent.pid)
        parent.communicate(b"\n")


def test_a_tree_that_has_ended_is_held_without_a_word():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with processes.paused(ended.pid):
        pass
