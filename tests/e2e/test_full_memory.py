"""The real service where /dev/shm is tiny or full, in a mount namespace of its own."""

import contextlib
import shutil
import signal
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests import fakes
from tests.servers import exit_of, free_port, server, start, stop, wait_until

pytestmark = pytest.mark.timeout(120)
MOUNT = 'mount -t tmpfs -o size={} tiny /dev/shm && {}exec "$0" "$@"'


SHM = "/dev/shm"  # noqa: S108 (the test's own)


def with_memory_of(size, then=""):
    """The start of a command that gets a /dev/shm of that size."""
    trial = ["unshare", "-m", "mount", "-t", "tmpfs", "tiny", SHM]
    with contextlib.suppress(FileNotFoundError):
        if not subprocess.run(trial, capture_output=True, check=False).returncode:  # noqa: S603 (the system's)
            return ["unshare", "-m", "sh", "-c", MOUNT.format(size, then)]
    pytest.skip("no right to mount a file system in memory")


FILLED = "head -c 64m /dev/zero >/dev/shm/full 2>/dev/null; "


# One worker has only its metrics there, in a folder that is chosen as for two.
@pytest.mark.parametrize(
    ("workers", "size", "then"),
    [(1, "4k", ""), (2, "4k", ""), (2, "64k", ""), (2, "64m", FILLED)],
    ids=["1-page", "2-page", "2-tiny", "2-full"],
)
def test_a_service_without_room_in_dev_shm_answers_and_says_so_once(
    models_dir, workers, size, then
):
    before = with_memory_of(size, then)
    with server(models_dir, before, WORKERS=workers) as (process, client):
        for _ in range(10):
            answer = httpx2.post(
                f"{client.base_url}/embed",
                content=fakes.photo(1),
                headers={"Content-Type": "image/png"},
                trust_env=False,
            )
            assert answer.status_code == 200
        text = client.get("/metrics").text
        assert 'likewise_requests_total{route="/embed",status="200"} 10.0' in text
        status, log = stop(process)
    assert status == 0, log
    assert log.count("the metrics are in") == 1
    assert "No space left on device" in log
    assert "ended with" not in log


def test_a_service_without_room_anywhere_does_not_start_and_says_what_to_do(models_dir):
    before = with_memory_of("64k", "export TMPDIR=/dev/shm; ")
    status, lines = exit_of(start(models_dir, before, PORT=free_port()))
    assert status == 1
    (line,) = lines
    assert "make room, set LIKEWISE_METRICS_DIR" in line


def test_metrics_that_grow_into_a_full_folder_do_not_end_the_service(models_dir, tmp_path):
    folder = shutil.copytree(models_dir, tmp_path / "bundles")
    before = with_memory_of("700k")
    with server(folder, before, METRICS_DIR=SHM) as (process, client):
        inside = Path(f"/proc/{process.pid}/root{SHM}")
        with contextlib.suppress(OSError), (inside / "full").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        for number in range(80):
            fakes.make_bundle(folder, f"model-{number:03}-{'x' * 50}")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(client.get("/models").json()["models"]) == 82)
        metrics = client.get("/metrics")
        assert metrics.status_code == 200
        assert "likewise_requests_total" in metrics.text
        status, log = stop(process)
    assert status == 0, log
    assert log.count("further numbers are not in /metrics") == 1
