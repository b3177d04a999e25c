import pytest

from model.bundle import open_bundle
from training.record import system_of
from training.run import RunFolder


@pytest.fixture(scope="session")
def system(run, exported):
    """The exported bundle, with its data and split."""
    return system_of(RunFolder(run), open_bundle(exported))
