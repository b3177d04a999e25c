from dataclasses import replace

import pytest

from tests.training.synthetic import config
from training.config.candidates import Candidate
from training.selection.maturity import (
    by_number_of_identities,
    finalists_in,
    mature_epochs,
    shares_of,
)
from training.selection.member import Entry


def entries(*costs, mature=4):
    names = map(str, range(len(costs)))
    return [
        Entry(Candidate(name=name), config(), None, seconds, mature)
        for name, seconds in zip(names, costs, strict=True)
    ]


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
    ("costs", "shares"),
    [
        ((1, 1, 1, 1), [40 / 3, 40 / 3, 40 / 3]),
        ((1, 3), [16, 24]),
        ((5, 6, 5), [20, 20]),
        ((6, 5, 4), [24, 16]),
        ((11, 2), [8 + 32]),
        ((11, 12), [40]),
    ],
)
def test_each_has_four_epochs_and_a_part_of_the_rest(costs, shares):
    assert list(shares_of(40, entries(*costs)).values()) == pytest.approx(shares)


def test_a_third_entry_has_a_share_where_all_become_mature():
    one, other = entries(1, 1)
    slow = replace(one, candidate=Candidate(name="slow"), mature=10)
    assert list(shares_of(30, [one, other, slow])) == ["0", "1", "slow"]
    assert list(shares_of(29, [one, other, slow])) == ["0", "1"]
    assert list(shares_of(29, [slow, one, other])) == ["slow", "0"]


def test_candidates_for_few_identities_come_last_where_there_are_many():
    few, other = (
        Entry(Candidate(name=name, for_few=name == "few"), config(), None, 1.0, 4)
        for name in ("few", "other")
    )
    assert by_number_of_identities([few, other]) == [few, other]
    many = [replace(each, mature=5) for each in (few, other)]
    assert [each.candidate.name for each in by_number_of_identities(many)] == ["other", "few"]
