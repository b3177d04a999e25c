"""The service in a process of its own, for scripts that send requests to it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import socket

import httpx2 as httpx

_START_S = 30


@contextmanager
def service(port: int | None = None, **settings: object) -> Iterator[str]:
    """Run `python -m app`; yield its URL once it is ready.

    Args:
        port: None: a free one.
        settings: By name, without the prefix: `MODELS_DIR="bundles"`.
    """
    port = port or free_port()
    environment = {f"LIKEWISE_{name}": str(value) for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        env=os.environ | environment | {"LIKEWISE_PORT": str(port)},
    )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=_START_S)


def free_port(preferred: int = 0) -> int:
    """Return the preferred port if it is free, or another."""
    with socket() as probe:
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.ConnectError):
            if httpx.get(f"{url}/readyz").is_success:
                return
        time.sleep(0.1)
    sys.exit("the service did not become ready")
