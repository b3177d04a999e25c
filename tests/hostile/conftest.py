import pytest

from tests.hostile.server import running

MAX_PIXELS = 4_000_000


@pytest.fixture(scope="session")
def server(models_dir, tmp_path_factory):
    """One server for everything that a request can hold; images of up to 4 million pixels."""
    log = tmp_path_factory.mktemp("hostile") / "log"
    with running(models_dir, log, MAX_IMAGE_PIXELS=MAX_PIXELS, MAX_GALLERY=1000) as server:
        yield server


@pytest.fixture(scope="session")
def impatient(models_dir, tmp_path_factory):
    """One that gives up on slow clients at once, and takes few of them."""
    log = tmp_path_factory.mktemp("hostile") / "log"
    # Shorter times would be over before a test has sent its request, on a machine that is busy.
    settings = {"HEAD_TIMEOUT_S": 1.5, "BODY_TIMEOUT_S": 1.5, "KEEP_ALIVE_S": 1}
    with running(
        models_dir, log, MAX_BODY_BYTES=3_000_000, MAX_CONNECTIONS=40, **settings
    ) as server:
        yield server
