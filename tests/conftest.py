import gc
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.manifest import Kind, Metric
from tests import fakes

pytest_plugins = ["tests.browsing", "tests.galleries", "tests.made_once"]

_DATA = os.environ.get("LIKEWISE_DATA")  # Read before the environment is cleared for each test.


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported here stays until the end: no collection of garbage looks at it again."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_collection_modifyitems(items):
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def data_sets():
    """Where the real data sets lie; a test that asks for it skips where they do not."""
    folder = Path(_DATA) if _DATA else Path(__file__).parents[1] / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}; set LIKEWISE_DATA to their folder")
    return folder


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch):
    for name in [name for name in os.environ if name.upper().startswith("LIKEWISE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory):
    """A folder with the bundles `tiny` (default, L2) and `tiny-codes` (Hamming)."""
    folder = tmp_path_factory.mktemp("bundles")
    fakes.make_bundle(
        folder,
        "tiny",
        templates=fakes.make_templates(),
        identification=fakes.make_identification(),
    )
    of_codes = fakes.make_templates(Metric.HAMMING)
    fakes.make_bundle(folder, "tiny-codes", Kind.CODES, templates=of_codes)
    return folder


@pytest.fixture(scope="session")
def settings(models_dir):
    return Settings(models_dir=models_dir, default_model="tiny", threads=2, max_gallery=1000)


@pytest.fixture(scope="session")
def client(settings):
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client
