"""The end of a process within a stated time, whatever blocks it."""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

logger = logging.getLogger(__name__)

GRACE_S = 5.0
"""Time after the drain, in seconds, before a process is ended at once."""
_NO_PYTHON_S = 1.0
ENDED_LATE = 1
"""Exit status of a process that had to be ended."""


def end_within(seconds: float) -> None:
    """Let this process end after that time, if it still runs then.

    A thread does so. If no Python code can run any more, since native code holds the interpreter,
    a thread of `faulthandler`, which needs none, does so a second later.
    """
    # No thread can be started where the limit of processes is reached: then one of the two has to
    # do, or the supervisor.
    with suppress(RuntimeError):
        threading.Thread(target=_end, args=(seconds,), name="end", daemon=True).start()
    with suppress(RuntimeError, OSError):
        # Its traceback could block on a log that nobody reads.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        faulthandler.dump_traceback_later(seconds + _NO_PYTHON_S, exit=True, file=nowhere)


def leave(run: Callable[[], int]) -> NoReturn:
    """Run a process's function and exit with its status, without waiting for a hung thread.

    Native code of a daemon thread would abort the process while the interpreter ends.
    """
    try:
        status = run()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    if any(thread.daemon for thread in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)


def _end(seconds: float) -> None:
    time.sleep(seconds)
    logger.error("still not stopped after %g s: the process is ended at once", seconds)
    os._exit(ENDED_LATE)
