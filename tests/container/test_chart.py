import sys
import time

import pytest

from tests.container.stack import ask_at, pair, run
from tests.servers import ROOT, wait_until

pytestmark = pytest.mark.container


@pytest.fixture
def pod(engine, image, tmp_path):
    """The chart's Deployment, run by podman, which accepts Kubernetes manifests."""
    if engine.name != "podman":
        pytest.skip("docker does not run Kubernetes manifests; podman does")
    repository, tag = image.rsplit(":", 1)
    rendered = run(
        *(sys.executable, "scripts/helm.py", "template", "chart", "deploy/helm/likewise"),
        *("--set", f"replicas=1,image.repository=docker.io/library/{repository},image.tag={tag}"),
        *("--show-only", "templates/configmap.yaml", "--show-only", "templates/deployment.yaml"),
        cwd=ROOT,
    ).stdout
    documents = tmp_path / "play.yaml"
    documents.write_text(rendered)
    try:
        engine("play", "kube", str(documents))
        yield "chart-likewise-pod-0"
    finally:
        engine("play", "kube", "--down", str(documents), check=False)


def test_the_charts_deployment_runs_verifies_drains_and_exits_with_0(engine, pod):
    infra = engine.inspect("pod", pod)["InfraContainerID"]
    networks = engine.inspect("container", infra)["NetworkSettings"]["Networks"]
    address = (next(iter(networks.values()))["IPAddress"], 8000)
    wait_until(lambda: ready(address))
    status, _, answer = ask_at(address, "POST", "/verify", *pair())
    assert (status, b'"same":true' in answer) == (200, True)
    began = time.monotonic()
    engine("pod", "stop", "--time", "45", pod)
    assert time.monotonic() - began < 30
    assert engine.inspect("container", f"{pod}-likewise")["State"]["ExitCode"] == 0


def ready(address):
    try:
        return ask_at(address, "GET", "/readyz")[0] == 200
    except OSError:
        return False
