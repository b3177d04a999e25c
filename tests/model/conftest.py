import pytest

from model.manifest import Aspect, InputSpec
from tests import fakes


@pytest.fixture(scope="session")
def colour():
    """A colour input that is neither square nor the images' own size."""
    return InputSpec(width=24, height=32, channels=3, aspect=Aspect.STRETCH)


@pytest.fixture(scope="session")
def graph():
    return fakes.encoder_graph()


@pytest.fixture(scope="session")
def manifest(graph):
    return fakes.make_manifest(graph)
