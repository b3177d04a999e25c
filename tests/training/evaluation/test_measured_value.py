import pytest
from pydantic import ValidationError

from training.config.sections import Target


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target(figure="error", at_most=0.01), 0.01, True),
        (Target(figure="error", at_most=0.01), 0.0101, False),
        (Target(figure="accuracy", at_least=0.9), 0.9, True),
        (Target(figure="accuracy", at_least=0.9), 0.8999, False),
        (Target(figure="either", published="5 %"), 0.5, None),
    ],
)
def test_a_bar_is_reached_from_its_own_side(target, value, met):
    assert target.is_met(value) is met


def test_a_target_with_two_bars_is_refused():
    with pytest.raises(ValidationError, match="not both"):
        Target(figure="x", at_most=0.1, at_least=0.9)
