import base64
import json
import re
import shutil
import time
import urllib.parse

import pytest
import yaml

from tests.container.stack import ask, pair, run
from tests.servers import ROOT, free_port, wait_until

pytestmark = pytest.mark.container

BASE = "python:3.11-slim-bookworm"  # any image with libc is enough for Prometheus
DASHBOARD = json.loads((ROOT / "deploy/grafana/likewise.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
# There is no index of drift before 1,000 decisions.
LOCATED = "likewise_located_images_total"
MAY_BE_EMPTY = {
    # No bundle of the image has a locator.
    f'sum by (model, result) (rate({LOCATED}{{job="$job"}}[$__rate_interval]))',
    'likewise_energy_psi{job="$job"}',
    'likewise_energy_genuine_share{job="$job"}',
}
VALUES = {"$job": "likewise", "$model": "faces", "$__rate_interval": "20s", "$__interval": "5s"}


def binary(name):
    found = shutil.which(name)
    if not found:
        pytest.fail(f"there is no {name}; `make image-test` brings it")
    return found


def test_the_rules_and_the_configuration_are_what_prometheus_reads():
    folder = ROOT / "deploy/prometheus"
    run(binary("promtool"), "check", "config", str(folder / "prometheus.yml"))
    run(binary("promtool"), "check", "rules", str(folder / "likewise.rules.yml"))
    run(binary("promtool"), "test", "rules", str(folder / "likewise.rules.test.yml"))


@pytest.fixture(scope="module")
def prometheus(engine, stack, tmp_path_factory):
    """Prometheus with the committed configuration and a short interval, on the stack's network."""
    folder = tmp_path_factory.mktemp("prometheus")
    configuration = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["scrape_configs"][0]["dns_sd_configs"][0]["refresh_interval"] = "1s"
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    shutil.copy(ROOT / "deploy/prometheus/likewise.rules.yml", folder)
    shutil.copy(binary("prometheus"), folder / "prometheus")
    folder.chmod(0o755)
    port = free_port()
    name = engine(
        *("run", "--detach", f"--network={stack.project}_default", f"--volume={folder}:/p:ro"),
        *(f"--publish=127.0.0.1:{port}:9090", BASE, "/p/prometheus"),
        *("--config.file=/p/prometheus.yml", "--storage.tsdb.path=/tmp/data"),
    )
    try:
        wait_until(lambda: scraped(port) == 2)
        send_traffic(stack)
        yield port
    finally:
        engine("rm", "--force", name)


def scraped(port):
    try:
        return sum(float(each["value"][1]) for each in query(port, "up"))
    except (OSError, ValueError):  # Not up, or starting: 503 in plain text.
        return 0


def query(port, expression):
    asked = urllib.parse.urlencode({"query": expression})
    status, _, answer = ask(port, "GET", f"/api/v1/query?{asked}")
    answer = json.loads(answer)
    assert (status, answer["status"]) == (200, "success"), answer
    return answer["data"]["result"]


def send_traffic(stack):
    """Send traffic of every kind that the dashboard shows, so that no panel is empty."""
    body, headers = pair()
    picture = (ROOT / "examples/ann-1.jpg").read_bytes()
    costs = {"cost_false_match": 1e5, "cost_false_non_match": 1e5}
    encoded = base64.b64encode(picture).decode()
    doubtful = json.dumps({"image1": encoded, "image2": encoded} | costs).encode()
    for _ in range(6):
        for _ in range(5):
            assert stack.ask("POST", "/verify", body, headers)[0] == 200
        _, _, answer = stack.ask("POST", "/verify", doubtful, {"Content-Type": "application/json"})
        assert json.loads(answer)["decision"] == "unsure"
        embedded = stack.ask("POST", "/embed", picture, {"Content-Type": "image/jpeg"})
        assert embedded[0] == 200
        assert stack.ask("POST", "/verify", b"{", {"Content-Type": "application/json"})[0] == 400
        time.sleep(1)


def put_in(expression):
    for name, value in sorted(VALUES.items(), key=lambda item: -len(item[0])):
        expression = expression.replace(name, value)
    return re.sub(r"\$\{(\w+)\}", lambda found: VALUES[f"${found[1]}"], expression)


@pytest.mark.parametrize("expression", QUERIES)
def test_each_query_of_the_dashboard_finds_something(prometheus, expression):
    assert query(prometheus, put_in(expression)) or expression in MAY_BE_EMPTY


def test_each_alert_can_be_asked_and_none_is_raised(prometheus):
    status, _, answer = ask(prometheus, "GET", "/api/v1/rules")
    rules = [rule for group in json.loads(answer)["data"]["groups"] for rule in group["rules"]]
    assert status == 200
    assert {rule["health"] for rule in rules} == {"ok"}
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []
