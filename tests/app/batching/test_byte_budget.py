import pytest

from app.batching.byte_budget import ByteBudget
from app.errors import BodyTooLargeError, OverloadedError


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


def test_bytes_stay_taken_until_the_job_too_has_ended():
    budget = ByteBudget(10)
    with budget.reserve() as share:
        share.take(6)
        release = share.share()
    assert budget.held == 6
    release()
    assert budget.held == 0


def test_what_one_request_can_never_have_is_too_large_and_not_overload():
    with ByteBudget(10).reserve() as share:
        share.take(6)
        with pytest.raises(BodyTooLargeError, match="10 bytes"):
            share.take(5)
