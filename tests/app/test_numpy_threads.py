"""Numpy of a service computes on one thread, whatever the machine has."""

import os
import subprocess
import sys

import pytest

ASK = "import app.main, os; print(len(os.listdir('/proc/self/task')))"


def threads_of(**environment):
    """Threads of a process that has imported the service."""
    kept = {key: value for key, value in os.environ.items() if "THREADS" not in key}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        env=kept | environment,
    )
    return int(done.stdout)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="numpy has one thread on one core anyway")
def test_numpy_has_one_thread_unless_the_operator_wants_more():
    assert threads_of() < threads_of(OPENBLAS_NUM_THREADS="2")
