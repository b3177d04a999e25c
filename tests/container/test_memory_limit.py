import functools
import socket

import pytest

from tests.container.stack import ask, pair
from tests.hostile import memory_attack
from tests.servers import free_port, wait_until

pytestmark = [pytest.mark.container, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def limited(engine, image):
    """One replica with the limits of docker-compose.yml, and no swap beside them."""
    port = free_port()
    options = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    options += ["--memory=1g", "--memory-swap=1g", "--pids-limit=256", "--tmpfs=/tmp:size=16m"]
    name = engine("run", "--detach", *options, f"--publish=127.0.0.1:{port}:8000", image)
    try:
        wait_until(functools.partial(answers, port))
        yield name, port
    finally:
        engine("rm", "--force", name)


def answers(port):
    try:
        return ask(port, "GET", "/readyz")[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    "make",
    [memory_attack.images, memory_attack.bodies, lambda: memory_attack.json_galleries(128)],
    ids=["images", "bodies", "JSON galleries"],
)
def test_nothing_that_is_sent_gets_the_container_killed(engine, limited, make):
    name, port = limited
    connect = functools.partial(socket.create_connection, ("127.0.0.1", port))
    found = memory_attack.attack(connect, make())
    assert found.total() >= 64
    state = engine.inspect("container", name)["State"]
    assert (state["Running"], state["OOMKilled"]) == (True, False)
    status, _, answer = ask(port, "POST", "/verify", *pair())
    assert (status, b'"same":true' in answer) == (200, True)
