import numpy as np
from sklearn.metrics import det_curve

from benchmarks.training_peers.race import eer, with_error
from benchmarks.training_peers.relief import picture, relief


def energies_of(spread, identities=12, images=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(identities), images)
    points = rng.normal(0, 1, (identities, 3))[labels] + spread * rng.normal(0, 1, (len(labels), 3))
    return np.linalg.norm(points[:, None] - points[None], axis=2), labels


def test_the_equal_error_rate_is_that_of_an_independent_library():
    energies, labels = energies_of(0.5)
    rows, columns = np.triu_indices(len(labels), 1)
    same = labels[rows] == labels[columns]
    fmr, fnmr, _ = det_curve(same, -energies[rows, columns])
    crossing = np.argmin(np.abs(fmr - fnmr))
    assert abs(eer(energies, labels) - (fmr[crossing] + fnmr[crossing]) / 2) < 1e-9


def test_the_standard_error_is_the_spread_over_other_identities():
    drawn = [with_error(*energies_of(0.5, seed=seed)) for seed in range(40)]
    rates, errors = np.array(drawn).T
    assert 0.5 < np.sqrt((errors**2).mean()) / rates.std() < 2


def test_a_relief_differs_more_between_lamps_than_from_another_relief_by_its_mean():
    one, other = (drawn(number) for number in (0, 1))
    within = np.abs(one[:6] - one[6:]).mean()
    between = np.abs(one.mean(axis=0) - other.mean(axis=0)).mean()
    assert within > between > 0


def drawn(number):
    rng = np.random.default_rng(number)
    shape = relief(number)
    return np.stack([picture(shape, rng, moved=False) for _ in range(12)]).astype(float)
