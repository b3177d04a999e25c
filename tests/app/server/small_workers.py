"""What the workers of test_supervisor.py run in place of the service.

Every worker imports this file: with the service's own imports a start takes three times as long.
"""

import os
import signal
import sys
import time

STARTUP_FAILURE = 3


def die_of_a_bus_error(_settings, worker_states, _listening):
    if worker_states.worker == 0:
        os.kill(os.getpid(), signal.SIGBUS)
    serve(_settings, worker_states, _listening)


def serve(_settings, worker_states, _listening):
    while not worker_states.is_stopping:
        worker_states.mark_ready()
        time.sleep(0.05)
    sys.exit(0)


def fail_where_another_serves(_settings, worker_states, _listening):
    if worker_states.worker == 0:
        serve(_settings, worker_states, _listening)
    sys.exit(STARTUP_FAILURE)


def hang_at_the_first_start(settings, worker_states, listening):
    """Stop itself, as an operator's SIGSTOP or a file system that does not answer would."""
    seen = settings.models_dir / f"worker-{worker_states.worker}"
    if worker_states.worker == 0 and not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    serve(settings, worker_states, listening)


def stop_once_not_ready(settings, worker_states, listening):
    """Begin to serve, lose its runners, and hang."""
    seen = settings.models_dir / f"worker-{worker_states.worker}"
    if worker_states.worker == 0 and not seen.exists():
        seen.touch()
        worker_states.mark_ready()
        time.sleep(1)
        worker_states.mark_not_ready()
        os.kill(os.getpid(), signal.SIGSTOP)
    serve(settings, worker_states, listening)


def ignore_all_signals(_settings, worker_states, _listening):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        worker_states.mark_ready()
        time.sleep(0.05)
