from dataclasses import replace

import pytest

from tests.training.synthetic import config
from training.config.candidates import Candidate
from training.selection.maturity import (
    by_number_of_identities,
    finalists_in,
    fitting_in,
    mature_epochs,
)
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
def test_finalists_share_a_time_equally(costs, finalists):
    assert finalists_in(40, entries(*costs)) == finalists


def test_a_costly_entry_behind_the_finalists_does_not_count():
    assert finalists_in(40, entries(2, 3, 3, 99)) == 3


def test_three_finalists_become_mature_and_two_need_not():
    assert finalists_in(30, entries(1, 1, 1, mature=10)) == 3
    assert finalists_in(29, entries(1, 1, 1, mature=10)) == 2
    assert finalists_in(8, entries(1, 1, 1, mature=10)) == 2
    assert finalists_in(7, entries(1, 1, 1, mature=10)) == 1


@pytest.mark.parametrize(
    ("costs", "fitting"),
    [((1, 1, 1, 1), [1, 1, 1]), ((5, 6, 5), [5, 5]), ((11, 2), [2]), ((11, 12), [11])],
)
def test_entries_that_can_share_a_time_fit(costs, fitting):
    assert [each.seconds_per_epoch for each in fitting_in(40, entries(*costs))] == fitting


def test_a_third_entry_fits_where_all_become_mature():
    one, other, slow = [*entries(1, 1, mature=4), *entries(1, mature=10)]
    assert fitting_in(30, [one, other, slow]) == [one, other, slow]
    assert fitting_in(29, [one, other, slow]) == [one, other]
    assert fitting_in(29, [slow, one, other]) == [slow, one]


def test_candidates_for_few_identities_come_last_where_there_are_many():
    few, other = (
        Entry(Candidate(name=name, for_few=name == "few"), config(), None, 1.0, 4)
        for name in ("few", "other")
    )
    assert by_number_of_identities([few, other]) == [few, other]
    many = [replace(each, mature=5) for each in (few, other)]
    assert [each.candidate.name for each in by_number_of_identities(many)] == ["other", "few"]
