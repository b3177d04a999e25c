"""The service in a real memory cgroup of 1 GiB, as docker-compose.yml and the chart set it.

`tests/container/test_memory_limit.py` does the same with the image.
"""

import contextlib
import threading
import time

import pytest

from app.settings import SHIPPED_BUNDLES
from tests.cgroups import memory_cgroup
from tests.hostile import memory_attack
from tests.hostile.server import request, running
from tests.servers import ROOT

pytestmark = pytest.mark.timeout(600)

LIMIT = 1 << 30
FACE = (ROOT / "examples" / "ann-1.jpg").read_bytes()
ANSWERED = {200, 400, 408, 413, 415, 422, 503, 504}


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """The service with the default settings and the shipped bundles, and its cgroup."""
    log = tmp_path_factory.mktemp("limited") / "log"
    defaults = {"THREADS": 0, "DEADLINE_MS": 10_000, "DEFAULT_MODEL": "faces", "LOG_LEVEL": "info"}
    with memory_cgroup(LIMIT) as cgroup:
        if cgroup is None:
            pytest.skip("no memory cgroup can be made here; `make image-test` has one")
        with running(SHIPPED_BUNDLES, log, before=cgroup.entering, **defaults) as server:
            yield server, cgroup


@contextlib.contextmanager
def good_requests(server):
    """Ask all the time; gives the statuses."""
    found, stop = [], threading.Event()

    def ask():
        while not stop.wait(0.5):
            with server.connect() as connection:
                connection.sendall(request("/embed", FACE))
                found.append(memory_attack.status_of(connection))

    client = threading.Thread(target=ask)
    client.start()
    try:
        yield found
    finally:
        stop.set()
        client.join()


def test_the_limit_is_found_and_divided(limited):
    server, _ = limited
    assert "MB for decoding" in server.log
    assert "killed" not in server.log


KINDS = {
    "images": memory_attack.images,
    "bodies": memory_attack.bodies,
    "galleries": lambda: memory_attack.galleries(128),
    "JSON galleries": lambda: memory_attack.json_galleries(128),
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_sent_gets_the_service_killed(limited, kind):
    server, cgroup = limited
    requests = list(KINDS[kind]())
    assert len(requests) >= 64
    with good_requests(server) as good:
        found = memory_attack.attack(server.connect, requests, 8 if kind == "galleries" else 60)
        time.sleep(1)
    assert cgroup.kills == 0
    assert server.process.poll() is None
    assert set(found) <= ANSWERED | {memory_attack.NO_ANSWER}
    assert found[503] + found[413] + found[504] + found[memory_attack.NO_ANSWER] > 0
    assert set(good) <= {200, 503, 504}
    assert 200 in good
    assert server.post("/embed", FACE).status == 200
    assert cgroup.peak < LIMIT


def test_files_of_every_format_are_among_those_sent():
    names = list(memory_attack.files())
    assert len(names) > 60
    for family in ("PNG", "WebP", "JPEG", "TIFF", "GIF", "BMP", "PPM"):
        assert any(name.startswith(family) for name in names)
