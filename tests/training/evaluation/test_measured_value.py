import pytest
from pydantic import ValidationError

from training.config.sections import Target


def test_a_target_with_two_bars_is_refused():
    with pytest.raises(ValidationError, match="not both"):
        Target(figure="x", at_most=0.1, at_least=0.9)
