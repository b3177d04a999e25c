"""The manual as a site: it builds strictly and without the network, and needs no other host."""

import http.server
import json
import os
import re
import shutil
import string
import subprocess
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from app.server.openapi import document
from model.bundle import open_bundle
from scripts.api_reference import reference
from scripts.concept_pictures import pictures
from scripts.site import FROM_OUTSIDE, decisions, relink
from tests.servers import ROOT

ASSETS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


def without_network():
    """What begins a command that has no network; nothing where that cannot be had."""
    words = ["unshare", "--net", "--map-root-user"]
    if shutil.which(words[0]) is None:
        return []
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)  # noqa: S603
    return [] if tried.returncode else words


@pytest.fixture(scope="session")
def site(made_once):
    """The built site."""
    return made_once("site", build)


def build(folder):
    done = subprocess.run(  # noqa: S603
        [*without_network(), sys.executable, "-m", "mkdocs", "build", "--strict", "-d", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


class Addresses(HTMLParser):
    """What a page loads, what it links to, and the places in it."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.linked, self.places = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag in ASSETS and given.get(ASSETS[tag]):
            self.loaded.append(given[ASSETS[tag]])
        if tag == "a" and given.get("href"):
            self.linked.append(given["href"])


@pytest.fixture(scope="session")
def pages(site):
    return {file: Addresses(file.read_text()) for file in site.rglob("*.html")}


def test_no_page_loads_anything_from_another_host(pages, site):
    assert len(pages) > 30
    for file, page in pages.items():
        foreign = [a for a in page.loaded if re.match(r"(https?:)?//", a)]
        assert foreign == [], file.relative_to(site)
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", sheet.read_text()), sheet.name


def test_every_link_within_the_site_leads_to_a_place(pages):
    broken = []
    for file, page in pages.items():
        if file.name == "404.html":
            continue  # Its addresses are those of the site's root.
        for address in [*page.loaded, *page.linked]:
            path, _, anchor = unquote(address).partition("#")
            if re.match(r"[a-z]+:|//", address):
                continue
            target = (file.parent / path).resolve() if path else file
            place = pages.get(target)
            there = target.exists() and (not anchor or place is None or anchor in place.places)
            if not there:
                broken.append((file.name, address))
    assert broken == []


def test_pages_from_outside_are_there(site):
    for page in FROM_OUTSIDE.values():
        assert (site / page).with_suffix(".html").is_file(), page
    assert {"faces", "att-chopra", "omniglot"} <= {p.stem for p in site.glob("models/*.html")}


@pytest.mark.parametrize(
    ("page", "written", "becomes"),
    [
        ("train.md", "[it](operate.md#drift)", "[it](operate.md#drift)"),
        ("index.md", "[card](../model/bundles/faces/README.md)", "[card](models/faces.md)"),
        ("decisions/0001-x.md", "[c](../../CHANGELOG.md)", "[c](../changelog.md)"),
        ("models/faces.md", "[a](../../../docs/api.md#limits)", "[a](../api.md#limits)"),
        ("changelog.md", "[guide](docs/train.md)", "[guide](train.md)"),
        ("api.md", "[`x.py`](../app/x.py)", "`x.py`"),
        ("api.md", "[the code](../app/x.py)", "the code (`app/x.py`)"),
        ("api.md", "[web](https://example.org/a)", "[web](https://example.org/a)"),
        ("api.md", "`[no](../app/x.py)`", "`[no](../app/x.py)`"),
        ("playground.md", "![p](playground/a.png)", "![p](playground/a.png)"),
    ],
)
def test_a_link_is_made_for_the_site(page, written, becomes):
    assert relink(written, page) == becomes


def test_every_decision_is_listed():
    listed = decisions()
    files = list((ROOT / "docs" / "decisions").glob("0*.md"))
    assert len(files) > 15
    assert all(file.name in listed for file in files)


def test_the_reference_has_every_call_and_every_problem():
    page = reference(document())
    for path, calls in json.loads(document())["paths"].items():
        for method, call in calls.items():
            assert f"## {method.upper()} {path}\n" in page
            for response in call["responses"].values():
                for content in response["content"].values():
                    for slug in content.get("examples", ()):
                        assert f"`{slug}`" in page


def test_the_pictures_are_those_of_the_shipped_manifest():
    drawn = pictures(open_bundle(ROOT / "model" / "bundles" / "faces").manifest)
    for name, picture in drawn.items():
        committed = (ROOT / "docs" / "concepts" / name).read_text()
        assert committed == picture, f"{name}: run `python -m scripts.concept_pictures`"


@pytest.fixture(scope="session")
def served(site):
    handler = partial(QuietFiles, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    """Files, without a log."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.mark.parametrize("name", ["index", "concepts", "reference", "results", "playground"])
def test_in_a_browser_no_page_asks_another_host(opened, served, name):
    page = opened(f"{served}/{name}.html")
    page.wait_for_selector("h1")


def test_the_search_works_without_the_network(opened, served):
    page = opened(f"{served}/index.html")
    page.wait_for_load_state("networkidle")  # What is typed before the index is there is not seen.
    page.locator("input[name=query]").click()
    page.keyboard.type("operating point", delay=20)
    page.locator(".md-search-result__item").first.wait_for()


def test_every_beginning_of_a_word_can_be_searched(opened, served):
    page = opened(f"{served}/index.html")
    page.wait_for_load_state("networkidle")
    page.locator("input[name=query]").click()
    for beginning in string.ascii_lowercase + string.digits:
        page.keyboard.press("Control+A")
        page.keyboard.type(beginning)
        page.wait_for_timeout(100)  # A query that fails is said on the console.
