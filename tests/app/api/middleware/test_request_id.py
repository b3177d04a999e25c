import re

import pytest


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/models/nobody"])
def test_every_answer_has_a_request_id(client, path):
    assert re.fullmatch(r"[0-9a-f]{32}", client.get(path).headers["x-request-id"])


def test_two_requests_have_two_ids(client):
    one, other = (client.get("/livez").headers["x-request-id"] for _ in range(2))
    assert one != other


def test_a_sane_id_of_the_client_is_kept(client):
    sent = "trace-1.2:3/4_5=6"
    assert client.get("/nowhere", headers={"X-Request-ID": sent}).json()["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 129, "two words", "<script>", "a\tb", b"caf\xe9"])
def test_another_is_replaced(client, sent):
    response = client.get("/livez", headers={"X-Request-ID": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


def test_no_answer_names_the_server(client):
    assert "server" not in client.get("/livez").headers
