import pytest

from tests.training.synthetic import config
from training.config.candidates import Candidate
from training.selection.maturity import finalists_in, fitting_in, mature_epochs
from training.selection.member import Entry


def entries(*costs, mature=4):
    candidate = Candidate(name="any")
    return [Entry(candidate, config(), None, seconds, mature) for seconds in costs]


@pytest.mark.parametrize(
    ("identities", "images", "epochs"),
    [
        (10, 2048, 4),
        (102, 2048, 4),
        (103, 2048, 5),
        (250, 2048, 10),
        (250, 2944, 7),
        (9999, 64, 20),
    ],
)
def test_epochs_grow_with_the_identities_within_bounds(identities, images, epochs):
    assert mature_epochs(identities, images) == epochs


@pytest.mark.parametrize(
    ("costs", "finalists"), [((1, 1, 1, 1), 3), ((1, 1, 9), 2), ((9, 1, 1), 1), ((50,), 1)]
)
def test_finalists_share_a_time_equally_and_each_becomes_mature(costs, finalists):
    assert finalists_in(40, entries(*costs)) == finalists


def test_a_costly_entry_behind_the_finalists_does_not_count():
    assert finalists_in(40, entries(2, 3, 3, 99)) == 3


@pytest.mark.parametrize(
    ("costs", "fitting"),
    [((1, 1, 1, 1), [1, 1, 1]), ((5, 6, 5), [5, 5]), ((11, 2), [2]), ((11, 12), [11])],
)
def test_entries_that_become_mature_together_fit(costs, fitting):
    assert [each.seconds_per_epoch for each in fitting_in(40, entries(*costs))] == fitting


def test_entries_are_given_as_many_epochs_as_the_one_that_needs_most():
    slow, fast = entries(2, mature=10)[0], entries(1, mature=4)[0]
    assert fitting_in(30, [fast, slow]) == [fast, slow]
    assert fitting_in(29, [fast, slow]) == [fast]
