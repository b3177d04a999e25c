"""The sentence of an answer says the decision, its error rate, and on what it was measured."""

import pytest

from app.api.schemas.domain import DomainAnswer
from app.api.schemas.meaning import meaning_of
from app.api.schemas.operating_point import OperatingPointAnswer
from app.api.schemas.zone import ZoneAnswer
from app.zone import Outcome
from tests.app.api.test_zone import BETWEEN, COSTS, SAME, verify

POINT = OperatingPointAnswer(
    target_fmr=0.01,
    fmr=0.0101,
    fmr_interval=(0.0094, 0.0109),
    fnmr=0.315,
    fnmr_interval=(0.281, 0.352),
)
ZONE = ZoneAnswer(
    low=0.8,
    high=1.2,
    fmr=0,
    fmr_interval=(0, 0.00001),
    fnmr=0.012,
    fnmr_interval=(0.004, 0.032),
    impostor_unsure=0.355,
    genuine_unsure=0.6,
    note=None,
)


def domain(status):
    return DomainAnswer(status=status, percentile=None, reason=None)


NO_PROBABILITY = (
    "How likely this answer is wrong depends also on how many of your pairs are the same."
)


@pytest.mark.parametrize(
    ("outcome", "rates", "status", "sentence"),
    [
        (
            Outcome.SAME,
            POINT,
            "in",
            (
                "Same: of 1,000 pairs of different things about 10 (9 to 11) are called the same "
                f"by mistake, measured on images like these. {NO_PROBABILITY}"
            ),
        ),
        (
            Outcome.DIFFERENT,
            POINT,
            "unknown",
            (
                "Different: of 100 pairs of the same thing about 32 (28 to 35) are called "
                "different by mistake, measured on images of which it is not known whether they "
                f"are like these. {NO_PROBABILITY}"
            ),
        ),
        (
            Outcome.SAME,
            ZONE,
            "out",
            (
                "Same: of 1,000,000 pairs of different things about 0 (0 to 10) are called the "
                f"same by mistake, measured on images unlike these. {NO_PROBABILITY}"
            ),
        ),
        (
            Outcome.UNSURE,
            ZONE,
            "in",
            (
                "Unsure, as are 60 % of the pairs of the same thing and 36 % of the pairs of "
                "different things, measured on images like these."
            ),
        ),
        (
            Outcome.SAME,
            None,
            "out",
            "Same by the energy alone: no error rate is known for images like these.",
        ),
        (Outcome.UNSURE, None, "out", "Unsure: no error rate is known for images like these."),
        (
            Outcome.SAME,
            None,
            "in",
            "Same by the energy alone: no error rate is known for these numbers of images.",
        ),
    ],
)
def test_a_sentence_names_what_the_decision_is_worth(outcome, rates, status, sentence):
    assert meaning_of(outcome, rates, domain(status)) == sentence


def test_the_rates_of_the_sentence_are_those_of_what_decided(client):
    answer = verify(client, SAME)
    assert answer["meaning"].startswith("Same: of 1,000 pairs of different things about 11 ")
    by_costs = verify(client, SAME, **COSTS)
    assert by_costs["zone"]["fmr"] != answer["operating_point"]["fmr"]
    assert by_costs["meaning"].startswith("Same: of 10,000 pairs of different things about ")
    unsure = verify(client, BETWEEN, **COSTS)
    assert unsure["meaning"].startswith(unsure["decision"].capitalize())
