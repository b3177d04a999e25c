import json
import os
from pathlib import Path

import pytest

from tests.container.stack import Engine, Stack, standing


@pytest.fixture(scope="session")
def engine():
    name = os.environ.get("CONTAINER_ENGINE")
    if not name:
        pytest.fail("these tests are run by `make image-test`, which finds an engine and builds")
    return Engine(name)


@pytest.fixture(scope="session")
def image():
    return os.environ["CONTAINER_IMAGE"]


@pytest.fixture(scope="session")
def figures():
    """Measured figures by name; written to the file CONTAINER_FIGURES."""
    measured = {"build_s": int(os.environ.get("CONTAINER_BUILD_S", "0"))}
    yield measured
    target = os.environ.get("CONTAINER_FIGURES")
    if target:
        Path(target).write_text(json.dumps(measured, indent=1) + "\n")


@pytest.fixture(scope="session")
def stack(engine):
    with standing(Stack(engine, f"likewise-test-{os.getpid()}")) as stack:
        yield stack
