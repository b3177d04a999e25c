import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.api.page import ASSETS
from app.main import create_app
from app.settings import SHIPPED_BUNDLES

ROOT = Path(__file__).parents[3]
FILES = ROOT / "app" / "page"
NAMES = sorted(str(file.relative_to(FILES)) for file in FILES.rglob("*") if file.is_file())


def with_settings(settings, **changes):
    return TestClient(create_app(settings.model_copy(update=changes)))


def test_the_page_is_there_and_names_assets_that_are_there(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert len(named) >= 4
    for address in named:
        assert address.startswith("/")
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_under_the_strict_policy_and_names_no_other_host(client, name):
    answer = client.get("/" if name == "index.html" else f"{ASSETS}/{name}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    if not name.endswith((".jpg", ".png")):
        hosts = set(re.findall(r"https?://([^/\"'\s`]+)", answer.text))
        assert hosts <= {"www.w3.org"}  # The name of SVG's elements, which is not asked for.


def test_it_has_no_inline_script_or_style():
    text = (FILES / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)


def test_every_file_of_the_page_is_served_by_its_type(client):
    types = {name: client.get(f"{ASSETS}/{name}").headers["content-type"] for name in NAMES}
    assert {t for name, t in types.items() if name.endswith(".js")} == {
        "text/javascript; charset=utf-8"
    }
    assert types["page.css"].startswith("text/css")
    assert types["mark.svg"].startswith("image/svg+xml")


def test_what_has_not_changed_is_not_sent_again(client):
    for address in ("/", f"{ASSETS}/main.js"):
        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "content-security-policy" in again.headers


def test_nothing_beside_its_files_is_given(client):
    for path in ("../main.py", "%2e%2e/main.py", "..%2fsettings.py", "examples", "none.js"):
        assert client.get(f"{ASSETS}/{path}").status_code == 404, path


def test_it_can_be_switched_off(settings):
    with with_settings(settings, playground=False) as off:
        for address in ("/", f"{ASSETS}/main.js"):
            answer = off.get(address)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
        assert off.get("/docs").status_code == 200


def test_behind_a_prefix_its_addresses_have_the_prefix(settings):
    with with_settings(settings, root_path="/likewise") as behind:
        text = behind.get("/likewise/").text
        assert 'data-root="/likewise"' in text
        for address in re.findall(r'(?:src|href)="([^"#]+)"', text):
            assert address.startswith("/likewise/")
            assert behind.get(address).status_code == 200, address


def test_the_examples_are_those_of_the_readme():
    for file in (ROOT / "examples").glob("*.jpg"):
        assert file.read_bytes() == (FILES / "examples" / file.name).read_bytes(), file.name


def test_the_model_for_signs_is_known_by_its_data():
    manifest = (SHIPPED_BUNDLES / "omniglot" / "manifest.json").read_text()
    assert re.search(r'"data":\s*"omniglot"', manifest)
