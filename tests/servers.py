"""The real service in its own process, for the tests that need one."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[1]
PATIENCE_S = 60


def free_port():
    """A port that no connection of another test is given: it lies below the ephemeral range."""
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def start(models_dir, before=(), **settings):
    """Start the service in its own process, with a command before it if wanted."""
    settings = {"MODELS_DIR": models_dir, "DEFAULT_MODEL": "tiny"} | settings
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
    environment |= {f"LIKEWISE_{name}": str(value) for name, value in settings.items()}
    return subprocess.Popen(  # noqa: S603 (our own program)
        [*before, sys.executable, "-m", "app"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def server(models_dir, before=(), **settings):
    """A server that is ready, and a client of it."""
    port = free_port()
    process = start(models_dir, before, PORT=port, **settings)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_until_ready(client, process)
            yield process, client
    finally:
        process.kill()
        process.communicate()


def wait_until_ready(client, process):
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and process.poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            if client.get("/readyz").status_code == 200:
                return
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"not ready: {process.communicate()[1]}")


def stop(process):
    process.send_signal(signal.SIGTERM)
    errors = process.communicate(timeout=PATIENCE_S)[1]
    return process.returncode, errors


def exit_of(process):
    errors = process.communicate(timeout=PATIENCE_S)[1]
    return process.returncode, errors.strip().splitlines()


@contextlib.contextmanager
def tiny_memory(size):
    """A file system in memory of that size, as a container's small /dev/shm; needs root."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["-t", "tmpfs", "-o", f"size={size}", "tiny", folder]
        if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:  # noqa: S603, S607 (the system's)
            pytest.skip("no right to mount a file system in memory")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)  # noqa: S603, S607 (the system's)


def wait_until(true, within_s=PATIENCE_S):
    give_up = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < give_up, f"not true after {within_s} s"
        time.sleep(0.02)
