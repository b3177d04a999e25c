import re

import numpy as np

from training.metrics.det import DetCurve
from training.results.plots import Dot, bars_svg, det_svg
from training.results.verdict import Verdict

RATES = tuple(np.linspace(0, 1, 12).tolist())
CURVE = DetCurve(
    protocol="all pairs",
    fmr=RATES,
    fnmr=RATES[::-1],
    fnmr_low=(0.0,) * 12,
    fnmr_high=(1.0,) * 12,
)


def dot(**changes):
    fields = {
        "label": "a: error",
        "text": "2 %",
        "error": 0.02,
        "bar": 0.03,
        "verdict": Verdict.MET,
    }
    return Dot(**(fields | {"standard_error": None, "deviation": None} | changes))


def test_every_system_is_named_and_every_seed_drawn():
    one, more = (det_svg({"first": [CURVE] * n, "second": [CURVE]}) for n in (1, 3))
    assert {"first", "second"} <= set(re.findall(r">([^<>]+)</text>", one))
    assert more.count("<path") > one.count("<path") - 2  # Two lines more, and one band less.


def test_intervals_are_drawn_where_they_do_not_hide_one_another():
    few, many = (det_svg({f"s{i}": [CURVE] for i in range(n)}) for n in (2, 3))
    assert few.count("FillBetween") == 2
    assert "FillBetween" not in many


def test_rates_of_nought_and_one_are_gaps():
    assert "nan" not in det_svg({"a": [CURVE]}).lower()
    flat = CURVE.model_copy(update={"fmr": (0.0,) * 12, "fnmr": (1.0,) * 12})
    assert det_svg({"nothing to draw": [flat]}).startswith("<svg")


def test_figures_stand_beside_their_bars_in_words_too():
    drawn = bars_svg([dot(), dot(label="b: accuracy", text="90 %", verdict=Verdict.MISSED)])
    assert {"a: error", "b: accuracy", "2 %", "90 %"} <= set(re.findall(r">([^<>]+)</text>", drawn))


def test_every_verdict_looks_unlike_the_others_and_is_explained():
    drawn = {each: bars_svg([dot(verdict=each)]) for each in Verdict}
    assert len(set(drawn.values())) == len(Verdict)
    assert all(f">{each}" in svg for each, svg in drawn.items())


def test_a_spread_is_drawn_where_there_is_one():
    bare, se, both = (
        bars_svg([dot(**spread)]).count('id="line2d')
        for spread in (
            {},
            {"standard_error": 0.001},
            {"standard_error": 0.001, "deviation": 0.002},
        )
    )
    assert (se - bare, both - se) == (1, 1)


def test_an_error_of_nought_has_its_place():
    drawn = bars_svg([dot(error=0.0, standard_error=0.0, deviation=0.001)])
    assert "nan" not in drawn
    assert "inf" not in drawn


def test_the_same_figures_give_the_same_bytes():
    assert bars_svg([dot(deviation=0.001)]) == bars_svg([dot(deviation=0.001)])
    assert det_svg({"a": [CURVE]}) == det_svg({"a": [CURVE]})
