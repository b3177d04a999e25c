import os
import signal
import threading
import time
import urllib.request

import pytest

from tests.container.stack import ask, pair
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.container

BASE = "python:3.11-slim-bookworm"
LARGEST_MB = 320
"""Of which 62 MB are for the gallery: SQLAlchemy, two drivers, Alembic."""


@pytest.fixture(scope="module")
def description(engine, image):
    return engine.inspect("image", image)


@pytest.fixture
def container(engine, image):
    """One replica, hardened as in docker-compose.yml."""
    port = free_port()
    options = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    options += ["--memory=1g", "--pids-limit=256", "--tmpfs=/tmp:size=16m"]
    # podman's own --read-only leaves more writable than docker's.
    options += ["--read-only-tmpfs=false"] if engine.name == "podman" else []
    name = engine("run", "--detach", *options, f"--publish=127.0.0.1:{port}:8000", image)
    try:
        wait_until(lambda: answers(port))
        yield name, port
    finally:
        engine("rm", "--force", name)


def answers(port):
    try:
        return ask(port, "GET", "/readyz")[0] == 200
    except OSError:
        return False


def inside(engine, name, *command):
    return engine("exec", name, *command, check=False)


def test_the_image_adds_no_more_than_it_may_to_its_base(engine, description, figures):
    base = engine.inspect("image", os.environ.get("CONTAINER_PREFIX", "") + BASE)
    figures["image_mb"] = round(description["Size"] / 1e6)
    figures["image_own_mb"] = round((description["Size"] - base["Size"]) / 1e6)
    assert figures["image_own_mb"] <= LARGEST_MB


def test_the_image_says_how_it_is_run(description):
    config = description["Config"]
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] in {"SIGTERM", str(int(signal.SIGTERM))}
    health = description.get("HealthCheck") or description.get("Healthcheck")
    health = health or config.get("Healthcheck")
    assert "app.server.healthcheck" in " ".join(health["Test"])
    labels = config["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert len(labels["org.opencontainers.image.revision"]) == 40


def test_nothing_that_builds_or_trains_is_in_it(engine, container):
    name, _ = container
    found = inside(engine, name, "sh", "-c", "command -v gcc cc make git curl; ls /root/.cache")
    assert found == ""
    packages = inside(engine, name, "ls", "/opt/likewise/lib/python3.11/site-packages").split()
    assert "onnxruntime" in packages
    assert not {"torch", "training", "pip", "pytest"} & set(packages)


def test_it_runs_as_nobody_in_particular_and_can_write_nothing(engine, container):
    name, _ = container
    status = inside(engine, name, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["10001"] * 4
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    tried = "for d in / /opt/likewise /etc /var/tmp; do touch $d/x 2>/dev/null && echo $d; done"
    assert inside(engine, name, "sh", "-c", tried) == ""


def test_it_answers_and_its_health_check_agrees(engine, container):
    name, port = container
    status, _, answer = ask(port, "POST", "/verify", *pair())
    assert (status, b'"same":true' in answer) == (200, True)
    engine("exec", name, "/opt/likewise/bin/python", "-I", "-m", "app.server.healthcheck", "8000")


def test_sigterm_lets_a_request_in_flight_finish_and_exits_with_0(engine, container):
    name, port = container
    body, headers = pair()
    answered = []

    def slowly():
        yield body[:1000]
        time.sleep(2)
        yield body[1000:]

    def ask_slowly():
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/verify", slowly(), headers | {"Content-Length": len(body)}
        )
        answered.append(urllib.request.urlopen(request, timeout=20).status)  # noqa: S310

    client = threading.Thread(target=ask_slowly)
    client.start()
    time.sleep(0.5)
    engine("stop", "--time", "15", name)
    client.join()
    assert answered == [200]
    assert engine.inspect("container", name)["State"]["ExitCode"] == 0
