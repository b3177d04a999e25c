import numpy as np
import pytest
import torch

from model.schema.locator import LocatorOrigin
from tests.training.locator import signs
from training.locator.trainer import train_network
from training.locator.training_run import finish

ORIGIN = LocatorOrigin(
    data="signs",
    data_sha256="0" * 64,
    config="signs",
    config_json="{}",
    seed=0,
    taught_by="tests",
    command="none",
    git_revision="none",
    trained_at="2026-01-01T00:00:00+00:00",
    parameters=1,
    libraries={},
    measured={},
)


@pytest.fixture(scope="session")
def network(made_once):
    """A network that has learnt to find signs, in some seconds."""
    folder = made_once("locator-networks", lambda to: torch.save(learnt(), to / "signs.pt"))
    return torch.load(folder / "signs.pt", weights_only=False)


def learnt():
    pictures = np.stack([signs.sign(k) for k in range(30)])
    made = train_network(signs.TINY, pictures, lambda _: None)
    assert not any(each.requires_grad and torch.isnan(each).any() for each in made.parameters())
    return made


@pytest.fixture(scope="session")
def trained(network, made_once):
    """The exported locator of `network`."""
    folder = made_once("locators", lambda to: torch.save(exported(network), to / "signs.pt"))
    return torch.load(folder / "signs.pt", weights_only=False)


def exported(network):
    return finish(network, signs.TINY, np.stack([signs.sign(100 + k) for k in range(8)]), ORIGIN)
