"""The page in a real browser, against the real service."""

import pytest

from app.settings import SHIPPED_BUNDLES
from tests.servers import server


@pytest.fixture(scope="session")
def shipped():
    """The address of the real service with the shipped bundles."""
    with server(SHIPPED_BUNDLES, DEFAULT_MODEL="faces", PRECISION="fp32") as (_, client):
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def page(opened, shipped):
    """The page, its models loaded."""
    page = opened(shipped)
    page.wait_for_selector("#model:not([disabled])")
    return page
