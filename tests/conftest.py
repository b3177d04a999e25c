import os

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.manifest import Kind
from tests import fakes


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch):
    for name in [name for name in os.environ if name.upper().startswith("LIKEWISE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory):
    """A folder with the bundles `tiny` (default, L2) and `tiny-codes` (Hamming)."""
    folder = tmp_path_factory.mktemp("bundles")
    fakes.make_bundle(folder, "tiny")
    fakes.make_bundle(folder, "tiny-codes", Kind.CODES)
    return folder


@pytest.fixture(scope="session")
def settings(models_dir):
    return Settings(models_dir=models_dir, default_model="tiny", threads=2, max_gallery=1000)


@pytest.fixture(scope="session")
def client(settings):
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client
