import pytest

from app.batching.byte_budget import ByteBudget
from app.errors import OverloadedError


def test_what_a_request_took_is_given_back_at_its_end():
    budget = ByteBudget(10)
    with budget.reserve() as share:
        share.take(4)
        share.take(6)
        assert budget.held == 10
    assert budget.held == 0


def test_what_a_failed_request_took_is_given_back():
    budget = ByteBudget(10)

    def fail():
        with budget.reserve() as share:
            share.take(4)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert budget.held == 0


def test_a_spent_budget_refuses_and_keeps_its_count():
    budget = ByteBudget(10)
    with budget.reserve() as one, budget.reserve() as other:
        one.take(8)
        with pytest.raises(OverloadedError):
            other.take(3)
        other.take(2)
        assert budget.held == 10
