import json
import re
from pathlib import Path

import pytest
import yaml

from app.api.middleware import request_id
from app.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
NGINX = (ROOT / "deploy/gateway/nginx.conf.template").read_text()
PAGE = (ROOT / "docs/deploy.md").read_text()
FIGURES = json.loads((ROOT / "deploy/image-test.json").read_text())


def default(service, variable):
    """What a variable is where nothing sets it."""
    given = COMPOSE[service]["environment"][variable]
    return re.fullmatch(r"\$\{\w+:-(.*)\}", given)[1]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s)?", text).groups()
    return int(number) / (1000 if unit == "ms" else 1)


def directive(name):
    return re.search(rf"^\s*{name} (\S+);", NGINX, re.MULTILINE)[1]


def test_the_gateway_waits_longer_than_the_service_takes_to_say_that_time_is_over():
    deadline = seconds(default("likewise", "LIKEWISE_DEADLINE_MS") + "ms")
    assert seconds(default("gateway", "ANSWER_TIMEOUT")) > deadline
    assert deadline * 1000 == Settings().deadline_ms


def test_the_gateway_takes_bodies_of_the_services_own_size():
    assert default("gateway", "MAX_BODY_BYTES") == default("likewise", "LIKEWISE_MAX_BODY_BYTES")
    assert int(default("gateway", "MAX_BODY_BYTES")) == Settings().max_body_bytes


def test_the_gateway_gives_up_an_idle_connection_before_the_service_does():
    upstream = re.search(r"upstream replicas \{(.*?)\}", NGINX, re.DOTALL)[1]
    kept = re.search(r"keepalive_timeout (\S+);", upstream)[1]
    assert seconds(kept) < Settings().keep_alive_s


def test_a_silent_address_costs_less_than_a_second_and_tries_are_few():
    assert seconds(directive("proxy_connect_timeout")) < 1
    assert int(directive("proxy_next_upstream_tries")) <= 3


def test_compose_waits_for_the_drain_before_it_kills():
    drain = float(default("likewise", "LIKEWISE_DRAIN_DELAY_S")) + Settings().drain_timeout_s
    assert seconds(COMPOSE["likewise"]["stop_grace_period"]) > drain + 5


def test_the_gateway_and_the_service_agree_on_which_request_ids_are_sane():
    (ours,) = re.findall(r'"~\^(.+)\$" \$http_x_request_id', NGINX)
    ids = ["a.b-1", "a:b/c+d=@", "x" * 128, "", "x" * 129, 'a"b', "a b", "a,b", "é", "a;b", "{}"]
    for each in ids:
        assert bool(re.fullmatch(ours, each)) == bool(request_id._VALID.fullmatch(each.encode()))


@pytest.mark.parametrize("service", COMPOSE)
def test_every_container_is_locked_down_and_bounded(service):
    description = COMPOSE[service]
    assert description["read_only"] is True
    assert description["cap_drop"] == ["ALL"]
    assert description["security_opt"] == ["no-new-privileges:true"]
    assert description["mem_limit"]


def test_every_variable_of_the_compose_file_stands_in_the_docs():
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert [name for name in used if f"| `{name}` |" not in PAGE] == []


def test_the_figures_of_the_page_are_those_of_the_committed_run():
    said = [
        f"{FIGURES['image_mb']} MB, {FIGURES['image_own_mb']} MB of it on top of its base",
        f"| {FIGURES['build_s']} s |",
        f"| {FIGURES['found_again_s']} s |",
    ]
    for name in ("kill", "rolling_update", "reload"):
        seen = FIGURES[name]
        said.append(f"{seen['failed']} of {seen['requests']} failed, {seen['slowest_s']} s |")
    assert [figure for figure in said if figure not in PAGE] == []
