"""Run of a check in a child process, under a limit of time and of memory.

A bundle's graph is a program: it can loop for ever, ask for all memory, or crash its runtime. The
check that runs it for the first time is therefore made in a child, and repeated in this process
only after it has passed (decision 36).
"""

import ctypes
import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from model.errors import LikewiseError, SelfCheckError

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_PR_SET_PDEATHSIG = 1
"""Of Linux's `prctl`: the signal that a process gets when the thread that made it ends."""
_LIBRARY = ctypes.CDLL(None) if hasattr(os, "fork") else None
_PASSED = b"+"
_END = b"\0"
"""End of an answer: another child may hold the pipe open."""
_MAX_MESSAGE = 4096


@dataclass(frozen=True)
class RunLimits:
    """Limits of a child process: seconds by the clock, and bytes that it may allocate."""

    seconds: float = 20.0
    bytes: int = 1 << 30


def limits_for(graph: bytes) -> RunLimits:
    """Return the limits of a graph's check; a session needs a few times the graph's own size."""
    return RunLimits(bytes=RunLimits.bytes + 4 * len(graph))


def run_bounded(check: Callable[[], object], limits: RunLimits, what: str) -> None:
    """Run a check in a child process and wait for it; what it changes or returns is lost.

    It is forked, which takes milliseconds where a new interpreter takes half a second. Where there
    is no fork, as on Windows, nothing is run.

    Args:
        check: Raises an error if it does not pass. It may use no lock that a thread can hold.
        limits: Of the child.
        what: Name of what is checked, for messages.

    Raises:
        SelfCheckError: The check failed, with its reason, or ended for another one.
    """
    if resource is None or not hasattr(os, "fork"):
        return
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        # Python warns of every fork beside threads; this child starts none and waits for none.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _run(check, limits, write_end)
    os.close(write_end)
    try:
        answer = _read(read_end, time.monotonic() + limits.seconds)
    finally:
        os.close(read_end)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if answer == _PASSED:
        return
    raise SelfCheckError(_reason(answer, status, limits, what))


def _read(pipe: int, until: float) -> bytes | None:
    """Read what the child answers, which is empty if it ended without one; None if it is late."""
    poll, answer = select.poll(), b""
    poll.register(pipe, select.POLLIN)
    while not answer.endswith(_END):
        if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
            return None
        part = os.read(pipe, _MAX_MESSAGE)
        if not part:
            return b""
        answer += part
    return answer.removesuffix(_END)


def _reason(answer: bytes | None, status: int, limits: RunLimits, what: str) -> str:
    if answer is None:
        return f"{what} took more than {limits.seconds:g} s, and was ended"
    if answer:
        return answer.decode("utf-8", "replace")
    how = "it needs too much memory, or breaks its runtime"
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return f"{what} ended its process ({signal_name(number)}): {how}"


def signal_name(number: int) -> str:
    """Return the name of a signal, or an exit status as it is."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"status {number}"


def _run(check: Callable[[], object], limits: RunLimits, pipe: int) -> NoReturn:
    """Run the check in the child, and end it."""
    try:
        _prepare(limits)
        check()
        os.write(pipe, _PASSED + _END)
    except LikewiseError as error:
        _answer(pipe, str(error))
    except MemoryError:
        _answer(pipe, f"it needs more than {limits.bytes:,} bytes of memory")
    except BaseException as error:  # noqa: BLE001 (whatever it is, the child must not go on)
        _answer(pipe, f"{type(error).__name__}: {error}")
    finally:
        os._exit(0)  # Nothing of the parent's is closed, written or waited for.


def _answer(pipe: int, reason: str) -> None:
    text = (reason or "no reason given").replace("\0", " ").encode("utf-8", "replace")
    os.write(pipe, text[:_MAX_MESSAGE] + _END)


def _prepare(limits: RunLimits) -> None:
    signal.set_wakeup_fd(-1)
    if _LIBRARY is not None and hasattr(
        _LIBRARY, "prctl"
    ):  # Else it goes on, and holds the log open, when the parent ends.
        _LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    seconds = int(limits.seconds) + 1
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, seconds)  # Ends the child if this process is ended first.
    _limit(resource.RLIMIT_AS, _address_space() + limits.bytes)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))


def _address_space() -> int:
    """Return the bytes of address space that this process has; 0 where that is not known."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (Path imports more)
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
