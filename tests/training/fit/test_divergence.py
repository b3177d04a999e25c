import numpy as np
import pytest

from training.errors import CollapsedError, DivergedError
from training.fit.divergence import COLLAPSED_SPREAD, check_energies, check_loss, check_spread


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_no_number_is_said_with_what_to_do(loss):
    with pytest.raises(DivergedError, match=r"epoch 3 at a learning rate of 0\.1.*lower"):
        check_loss(loss, 2, 0.1)


def test_a_finite_loss_passes():
    assert check_loss(1e30, 0, 0.1) is None


@pytest.mark.parametrize("value", [0.0, 1.0, -7.0])
def test_one_embedding_for_all_is_collapsed(value):
    with pytest.raises(CollapsedError, match="nearly the same"):
        check_spread(np.full((10, 4), value, np.float32))


@pytest.mark.parametrize(("share", "passes"), [(0.5, False), (2.0, True)])
def test_the_spread_is_relative_to_the_embeddings_length(share, passes):
    embeddings = np.tile(np.float32([1000, 0]), (10, 1))
    embeddings[:, 1] = np.resize([1, -1], 10) * share * COLLAPSED_SPREAD * 1000
    if passes:
        check_spread(embeddings)
    else:
        with pytest.raises(CollapsedError):
            check_spread(embeddings)


def test_an_embedding_that_is_not_finite_is_said():
    with pytest.raises(DivergedError, match="not finite"):
        check_spread(np.float32([[1, 2], [np.nan, 0]]))


@pytest.mark.parametrize("value", [0.0, 1.0, -7.0])
def test_one_energy_for_all_pairs_is_collapsed(value):
    with pytest.raises(CollapsedError, match="nearly the same energy"):
        check_energies(np.full(10, value, np.float32))


@pytest.mark.parametrize(("share", "passes"), [(0.5, False), (2.0, True)])
def test_the_spread_of_energies_is_relative_to_their_size(share, passes):
    energies = np.float32(-50 + np.resize([1, -1], 10) * share * COLLAPSED_SPREAD * 50)
    if passes:
        check_energies(energies)
    else:
        with pytest.raises(CollapsedError):
            check_energies(energies)


def test_an_energy_that_is_not_finite_is_said():
    with pytest.raises(DivergedError, match="not finite"):
        check_energies(np.float32([1, np.inf]))
