import contextlib
import ctypes
import faulthandler
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from model.bounded_run import RunLimits, run_bounded
from model.errors import IntegrityError, SelfCheckError

LIMITS = RunLimits(seconds=5.0, bytes=100_000_000)
QUICK = RunLimits(seconds=0.3, bytes=100_000_000)


def nothing():
    pass


def loop():
    while True:
        pass


def sleep():
    time.sleep(60)


def take_memory():
    return bytes(400_000_000)


def crash():
    faulthandler.disable()  # Of pytest: it would print the child's stack.
    ctypes.string_at(0)


def end():
    os._exit(0)


def stop_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def open_files():
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def refuse():
    raise IntegrityError("the reason")


def fail():
    raise ZeroDivisionError("an accident")


def write_much():
    raise IntegrityError("long \0 " * 100_000)


@pytest.mark.parametrize(
    ("check", "limits", "said"),
    [
        (loop, QUICK, "the check took more than 0.3 s"),
        (sleep, QUICK, "the check took more than 0.3 s"),
        (take_memory, LIMITS, "needs more than 100,000,000 bytes"),
        (crash, LIMITS, "SIGSEGV"),
        (stop_itself, LIMITS, "SIGKILL"),
        (end, LIMITS, "ended its process"),
        (refuse, LIMITS, "the reason"),
        (fail, LIMITS, "ZeroDivisionError: an accident"),
        (write_much, LIMITS, "long"),
    ],
)
def test_a_check_that_does_not_pass_is_an_error_with_the_reason(check, limits, said):
    with pytest.raises(SelfCheckError, match=said) as caught:
        run_bounded(check, limits, "the check")
    assert len(str(caught.value)) < 5000


def own_children():
    """Processes of this one that run or are not waited for."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = path.read_text().rpartition(")")
            if rest.split()[1] == str(os.getpid()):
                found.add(name)
    return found


def test_a_check_that_passes_leaves_nothing_behind():
    before, children = open_files(), own_children()
    for _ in range(20):
        run_bounded(nothing, LIMITS, "the check")
        with pytest.raises(SelfCheckError):
            run_bounded(refuse, LIMITS, "the check")
    assert open_files() == before
    assert own_children() <= children


def test_what_a_check_changes_stays_in_the_child():
    changed = []
    run_bounded(lambda: changed.append(1), LIMITS, "the check")
    assert changed == []


def test_checks_in_several_threads_do_not_wait_for_each_other():
    errors = []

    def slow():
        with pytest.raises(SelfCheckError) as caught:
            run_bounded(sleep, RunLimits(3.0, 100_000_000), "slow")
        errors.append(str(caught.value))

    thread = threading.Thread(target=slow)
    thread.start()
    began = time.monotonic()
    for _ in range(10):
        run_bounded(nothing, LIMITS, "quick")
    assert time.monotonic() - began < 3.0
    thread.join()
    assert "slow took more than 3 s" in errors[0]


def test_signals_to_the_group_do_not_reach_the_parents_handlers_through_the_child():
    got = []
    before = signal.signal(signal.SIGTERM, lambda *_: got.append(1))
    try:
        with pytest.raises(SelfCheckError, match="SIGTERM"):
            run_bounded(lambda: os.kill(os.getpid(), signal.SIGTERM), LIMITS, "the check")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert got == []
