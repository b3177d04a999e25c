import math

import jinja2
import pytest

from training.templates.render import minutes, percent, power, render, thousands


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0.00 %"), (0.0123, "1.23 %"), (1, "100.00 %"), (0.00012, "0.0120 %"), (1e-6, "0.0001 %")],
)
def test_a_share_is_a_percentage_with_more_digits_where_it_is_small(share, said):
    assert percent(share) == said


def test_counts_are_grouped_and_durations_rounded():
    assert thousands(1234567) == "1,234,567"
    assert [minutes(seconds) for seconds in (0.4, 59, 60, 5400)] == [
        "0 s",
        "59 s",
        "1 min",
        "90 min",
    ]


def test_a_value_that_a_template_misses_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("card.md.j2")


@pytest.mark.parametrize(
    ("exponent", "text"),
    [
        (0, "1"),
        (0.5, "3.2"),
        (-0.5, "1/3.2"),
        (2, "100"),
        (3.32, "2,100"),
        (-2.826, "1/670"),
        (math.inf, "∞"),
        (-math.inf, "0"),
    ],
)
def test_a_power_of_ten_is_a_number_or_a_fraction(exponent, text):
    assert power(exponent) == text
