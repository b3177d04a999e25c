import json
import os
import ssl
import time

import pytest

from tests.container.stack import COMPOSE, Load, Stack, pair, run, standing
from tests.servers import ROOT, wait_until

pytestmark = pytest.mark.container

JSON = {"Content-Type": "application/json"}


def test_two_pictures_are_verified_through_the_gateway(stack):
    status, headers, answer = stack.ask("POST", "/verify", *pair())
    assert status == 200
    assert json.loads(answer)["same"] is True
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_and_its_files_come_through_the_gateway(stack):
    status, headers, page = stack.ask("GET", "/")
    assert (status, b"Likewise" in page) == (200, True)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for path in ("/page/main.js", "/page/examples/ann-1.jpg"):
        assert stack.ask("GET", path)[0] == 200
    picture = (ROOT / "examples" / "ann-1.jpg").read_bytes()
    seen = stack.ask("POST", "/preview", picture, {"Content-Type": "image/jpeg"})
    assert (seen[0], seen[2][:4]) == (200, b"\x89PNG")


def test_requests_are_spread_over_both_replicas(stack):
    for _ in range(20):
        assert stack.ask("GET", "/models")[0] == 200
    lines = [json.loads(line) for line in stack.logs("gateway").splitlines() if line[:1] == "{"]
    assert len({line["replica"] for line in lines if line["path"] == "/models"}) == 2


def test_a_request_has_one_id_in_the_answer_and_in_both_logs(stack):
    body, headers = pair()
    _, answered, _ = stack.ask("POST", "/verify", body, headers | {"X-Request-ID": "from.me-1"})
    assert answered["X-Request-ID"] == "from.me-1"
    for service in ("gateway", "likewise"):
        lines = [json.loads(each) for each in stack.logs(service).splitlines() if each[:1] == "{"]
        assert [line for line in lines if line.get("request_id") == "from.me-1"]


def test_an_id_that_could_forge_a_line_is_replaced(stack):
    _, answered, _ = stack.ask("GET", "/models", headers={"X-Request-ID": 'x","status":200'})
    assert answered["X-Request-ID"].isalnum()


def test_the_service_sees_the_address_of_the_caller(stack):
    stack.ask("GET", "/models", headers={"X-Request-ID": "who", "X-Forwarded-For": "6.6.6.6"})
    lines = [json.loads(each) for each in stack.logs("likewise").splitlines() if each[:1] == "{"]
    (line,) = [line for line in lines if line.get("request_id") == "who"]
    assert line["client"] not in {"6.6.6.6", *stack.addresses()}


def test_the_gateway_takes_no_more_bytes_than_the_service(stack):
    status, headers, answer = stack.ask("POST", "/embed", b"0" * 64_000_001)
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(answer)["type"] == "urn:likewise:problem:body-too-large"
    # The limit itself is let through, and the service says what is wrong with so many zeros.
    assert stack.ask("POST", "/embed", b"0" * 64_000_000)[0] in {413, 415}


def test_the_numbers_are_not_led_outside(stack):
    for path in ("/metrics", "/likewise/metrics", "//metrics", "/%6detrics"):
        status, _, answer = stack.ask("GET", path)
        assert status == 404, path
        assert json.loads(answer)["status"] == 404


def test_a_client_that_asks_too_much_is_told_to_wait(engine):
    limited = Stack(
        engine, f"likewise-limited-{os.getpid()}", GATEWAY_RATE="1r/s", GATEWAY_BURST="2"
    )
    with standing(limited):
        answers = [limited.ask("GET", "/models") for _ in range(6)]
        assert [status for status, _, _ in answers][:3] == [200] * 3
        status, headers, answer = answers[-1]
        assert (status, headers["Retry-After"]) == (429, "1")
        assert json.loads(answer)["type"] == "urn:likewise:problem:too-many-requests"
        assert limited.ask("GET", "/readyz")[0] == 200


def test_under_a_prefix_the_calls_and_the_docs_are_found(engine):
    prefixed = Stack(engine, f"likewise-prefix-{os.getpid()}", LIKEWISE_ROOT_PATH="/likewise")
    with standing(prefixed):
        assert prefixed.ask("POST", "/likewise/verify", *pair())[0] == 200
        status, _, page = prefixed.ask("GET", "/likewise/docs")
        assert status == 200
        assert b"/likewise/openapi.json" in page
        document = json.loads(prefixed.ask("GET", "/likewise/openapi.json")[2])
        assert document["servers"][0]["url"] == "/likewise"
        assert prefixed.ask("GET", "/likewise/metrics")[0] == 404


def test_tls_is_two_files_away(engine, tmp_path):
    make = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout tls.key -out tls.crt"
    )
    run("openssl", *make.split(), cwd=tmp_path)
    (tmp_path / "tls.key").chmod(0o644)
    tmp_path.chmod(0o755)
    tls_port = str(Stack(engine, "").port)
    secured = Stack(
        engine,
        f"likewise-tls-{os.getpid()}",
        ("docker-compose.yml", "deploy/gateway/tls.yml"),
        TLS_FOLDER=str(tmp_path),
        GATEWAY_TLS_PORT=tls_port,
    )
    with standing(secured):
        shown = ssl.get_server_certificate(("127.0.0.1", int(tls_port)))
        assert shown.split() == (tmp_path / "tls.crt").read_text().split()
        secured.compose("exec", "-T", "gateway", "sh", "/gateway/start.sh", "reload")


def test_no_request_fails_while_a_replica_is_killed(engine, stack, figures):
    with Load(stack.port) as load:
        engine("kill", "--signal", "KILL", stack.containers()[0])
        time.sleep(5)
    figures["kill"] = load.figures()
    stack.up()
    assert load.failures == []
    assert len(load.answers) > 50


def test_no_request_fails_through_a_rolling_update(engine, stack, figures):
    before = stack.addresses()
    environment = stack.environment | {
        "ENGINE": engine.name,
        "COMPOSE": f"{COMPOSE} --progress quiet --project-name {stack.project}",
    }
    with Load(stack.port) as load:
        run("deploy/rolling-update.sh", cwd=ROOT, env=environment)
    figures["rolling_update"] = load.figures()
    assert load.failures == []
    assert len(stack.addresses()) == 2
    assert not before & stack.addresses()


def test_replicas_that_do_not_become_healthy_are_taken_back(engine, stack):
    before = set(stack.containers())
    environment = stack.environment | {
        "ENGINE": engine.name,
        "COMPOSE": f"{COMPOSE} --progress quiet --project-name {stack.project}",
        "LIKEWISE_DEFAULT_MODEL": "none-of-this-name",
        "PATIENCE_S": "10",
    }
    with Load(stack.port) as load:
        done = run("deploy/rolling-update.sh", check=False, cwd=ROOT, env=environment)
    assert done.returncode == 1
    assert "the old ones keep serving" in done.stderr
    assert load.failures == []
    assert set(stack.compose("ps", "--all", "--quiet", "likewise").split()) == before


def test_no_request_fails_while_the_gateway_takes_in_its_configuration_again(stack, figures):
    with Load(stack.port) as load:
        for _ in range(3):
            stack.compose("exec", "-T", "gateway", "sh", "/gateway/start.sh", "reload")
            time.sleep(0.5)
    figures["reload"] = load.figures()
    assert load.failures == []


def test_replicas_are_found_again_after_all_of_them_were_made_anew(stack, figures):
    stack.compose(
        "up", "--detach", "--no-build", "--force-recreate", "--no-deps", "--wait", "likewise"
    )
    healthy = time.monotonic()
    wait_until(lambda: stack.ask("POST", "/verify", *pair())[0] == 200, within_s=10)
    figures["found_again_s"] = round(time.monotonic() - healthy, 1)
    assert [stack.ask("POST", "/verify", *pair())[0] for _ in range(20)] == [200] * 20


def test_without_a_replica_the_gateway_says_so_at_once_and_asks_to_come_again(engine, stack):
    for container in stack.containers():
        engine("kill", "--signal", "KILL", container)
    began = time.monotonic()
    status, headers, answer = stack.ask("POST", "/verify", *pair())
    assert time.monotonic() - began < 5
    assert (status, headers["Retry-After"]) == (503, "1")
    assert json.loads(answer)["type"] == "urn:likewise:problem:not-ready"
    stack.up()
