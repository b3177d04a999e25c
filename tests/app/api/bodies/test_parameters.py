import json
import math
import time

import pytest
from fastapi import Request
from hypothesis import assume, given
from hypothesis import strategies as st

from app.api.bodies.parameters import from_form, from_json, from_query, to_number
from app.api.choices.decisions import Choices
from app.errors import ParameterError

NUMBERS = {"0": 0, "5": 5, "1.5": 1.5, ".5": 0.5, "5.": 5, "+1": 1, "1e-3": 0.001, "2E1": 20}
NO_NUMBERS = [
    "1_5",
    "１.５",
    "١",
    "1,5",
    "1.5.2",
    "0x1p3",
    "0b1",
    "true",
    "nan",
    "inf",
    "-Infinity",
    "1e999",
    "1e",
    "e5",
    ".",
    "1 5",
    "--1",
    "1\0",
    "1\u00a0",
    " ",
    "1%2E5",
    '"1"',
]


def query(text):
    return Request({"type": "http", "query_string": text.encode(), "headers": []})


@pytest.mark.parametrize("text", [*NUMBERS, " 1.5", "1.5\n", "\t1.5\r\n"])
def test_a_number_as_text_is_decimal_and_may_have_blanks_around_it(text):
    expected = NUMBERS.get(text, 1.5)
    assert from_form(Choices, {"threshold": text}).threshold == expected


@pytest.mark.parametrize("name", ["threshold", "fmr"])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_any_other_text_is_no_number(name, text):
    with pytest.raises(ParameterError) as raised:
        from_form(Choices, {name: text})
    assert raised.value.errors[0]["field"] == name
    with pytest.raises(ParameterError):
        from_json(Choices, json.dumps({name: text}).encode(), 9)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_from_its_text(value):
    assert to_number(repr(value)) == value


@given(st.text(st.characters(categories=["Nd", "Po", "Pc", "Zs"], include_characters="eE+-.1")))
def test_a_text_is_read_as_python_reads_it_or_is_none(text):
    number = to_number(text)
    if number is not None:
        assert text.isascii()
        assert "_" not in text
        assert number == float(text) or math.isnan(number)


def test_a_long_text_is_read_in_time_proportional_to_its_length():
    began = time.process_time()
    assert to_number("1" * 60_000 + "x") is None
    assert to_number(" " * 60_000 + "x") is None
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("fields", [{"threshold": ""}, {"model": ""}, {"fmr": "", "model": ""}])
def test_an_empty_field_of_a_form_counts_as_absent(fields):
    assert from_form(Choices, fields) == Choices()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("threshold=", "is empty"),
        ("threshold", "is empty"),
        ("model=&fmr=0.1", "is empty"),
        ("fmr=0.1&fmr=0.1", "twice"),
        ("fmr=0.1&f%6Dr=0.5", "twice"),
        ("fmr=0.1&fmr=", "twice"),
        ("treshold=1", "no such parameter; it takes threshold, fmr, model"),
        ("THRESHOLD=1", "no such parameter"),
        ("threshold+=1", "no such parameter"),
        ("threshold[]=1", "no such parameter"),
        ("=1", "no such parameter"),
        ("threshold=1;fmr=0.1", "not a number"),
        ("threshold=1+5", "not a number"),
        ("threshold=1%5F5", "not a number"),
        ("threshold=%EF%BC%91", "not a number"),
        ("threshold=\uff11", "not a number"),
        ("threshold=%FF", "not a number"),
        ("threshold=%zz", "not a number"),
        ("threshold=1%00", "not a number"),
        ("threshold=true", "not a number"),
    ],
)
def test_a_query_that_cannot_be_honoured_is_refused(text, reason):
    with pytest.raises(ParameterError, match=reason):
        from_query(Choices, query(text))


@pytest.mark.parametrize(
    "text", ["threshold=1.5", "&threshold=1%2e5&", "thresh%6Fld=%2B1.5", "threshold=+1.5"]
)
def test_a_query_is_read_after_its_escapes(text):
    assert from_query(Choices, query(text)).threshold == 1.5


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"threshold": true}', "threshold"),
        ('{"threshold": "1"}', "threshold"),
        ('{"threshold": ""}', "threshold"),
        ('{"threshold": [1]}', "threshold"),
        ('{"threshold": NaN}', "threshold"),
        ('{"threshold": -Infinity}', "threshold"),
        ('{"threshold": 1e999}', "threshold"),
        ('{"threshold": 1%s}' % ("0" * 400), "threshold"),
        ('{"fmr": false}', "fmr"),
        ('{"fmr": "0.1"}', "fmr"),
        ('{"model": 1}', "model"),
        ('{"model": true}', "model"),
        ('{"model": ["a"]}', "model"),
        ('{"Model": "a"}', "Model"),
        ('{"fmr": 0.1, "fmr": 0.1}', "fmr"),
        ('["fmr"]', "body"),
        ("null", "body"),
    ],
)
def test_a_member_of_json_has_its_type_and_its_name_once(text, field):
    with pytest.raises(ParameterError) as raised:
        from_json(Choices, text.encode(), 9)
    assert raised.value.errors[0]["field"] == field


@given(st.none() | st.integers(-9, 9) | st.floats(0, 1e300))
def test_a_number_or_null_in_json_is_what_it_is(value):
    body = json.dumps({"threshold": value}).encode()
    assert from_json(Choices, body, 9).threshold == value


@given(st.text(max_size=40))
def test_a_message_never_fails_over_the_name_that_was_sent(name):
    assume(name != "model")
    with pytest.raises(ParameterError, match=r"no such parameter|not a number"):
        from_form(Choices, {name: "{x}"})
