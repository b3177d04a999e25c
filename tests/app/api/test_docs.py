import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest


def test_the_page_and_its_assets_come_from_here_and_nowhere_else(client):
    page = client.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page.text)
    assert len(addresses) >= 4
    assert "//" not in "".join(addresses)
    for address in addresses:
        assert client.get(address).status_code == 200, address
    assert "http" not in page.text.replace("http-equiv", "")


def test_no_validator_on_another_host_is_asked(client):
    assert '"validatorUrl": null' in client.get("/docs").text


def test_the_page_is_under_a_policy_that_allows_its_own_scripts_only(client):
    answer = client.get("/docs")
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    inline = re.search(r"<script>(.*?)</script>", answer.text, re.DOTALL)[1]
    digest = b64encode(sha256(inline.encode()).digest()).decode()
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["/verify", "/embed", "/compare", "/preview"])
def test_every_call_with_a_body_documents_its_problems(client, path):
    responses = client.get("/openapi.json").json()["paths"][path]["post"]["responses"]
    wanted = {"200", "400", "404", "408", "409", "413", "415", "422", "500", "503", "504"}
    assert wanted <= set(responses)
    for status, response in responses.items():
        if status != "200":
            assert list(response["content"]) == ["application/problem+json"]


def test_every_reference_in_the_document_leads_somewhere(client):
    text = client.get("/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert "Problem" in named
    assert named <= set(schemas)


def test_the_example_of_verify_works_as_it_stands(client):
    call = client.get("/openapi.json").json()["paths"]["/verify"]["post"]
    example = call["requestBody"]["content"]["application/json"]["example"]
    answer = client.post("/verify", json=example)
    assert answer.status_code == 200
    assert answer.json()["energy"] == 0
