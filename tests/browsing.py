"""A real browser for tests: Debian's Chromium, headless."""

import os
import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

NAMES = (
    "chromium-headless-shell",  # Without the browser around the page, in two thirds of the time.
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
OPTIONS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LARGEST_WAIT_MS = 20_000


@pytest.fixture(scope="module")
def chromium():
    """A running Chromium; where there is none, the tests that need one are skipped.

    Of a module and not of the session: while Playwright runs, its event loop does, and no other
    test could have one.
    """
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium: `scripts/browser.sh` installs it, or CHROMIUM names one")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS + root)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium):
    """Opens pages; whatever the console, the policy or another host has to say fails the test."""
    contexts, complaints = [], []

    def open_at(url, ignored=(), **options):
        context = chromium.new_context(permissions=["clipboard-read"], **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(LARGEST_WAIT_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(message, ignored, complaints))
        page.on("request", lambda request: _check_host(request.url, url, complaints))
        page.goto(url)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


def _note(message, ignored, complaints):
    # Chromium reports each answer above 399 itself; a test says which it means to provoke.
    if message.type in {"error", "warning"} and not any(text in message.text for text in ignored):
        complaints.append(message.text)


def _check_host(asked, own, complaints):
    if asked.startswith(("http", "ws")) and urlsplit(asked).netloc != urlsplit(own).netloc:
        complaints.append(f"asked another host: {asked}")
