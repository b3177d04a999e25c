"""The third outcome of /verify: by costs, or by a pair of target rates."""

import base64

import pytest

from model.bundle import read_manifest
from model.scoring import rates_at
from tests import fakes

SAME = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 2)}
BETWEEN = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 10)}
DIFFERENT = {"image1": fakes.photo(1), "image2": fakes.photo(2)}
OUTCOMES = {"same", "different", "unsure"}
COSTS = {"cost_false_match": 50, "cost_false_non_match": 20}


def verify(client, images, **fields):
    answer = client.post("/verify", files=images, data=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def field_of(client, **fields):
    answer = client.post("/verify", files=SAME, data=fields)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:likewise:problem:bad-parameter"
    (error,) = answer.json()["errors"]
    assert answer.json()["detail"].startswith(error["field"])
    return error["field"]


@pytest.mark.parametrize("fields", [{}, {"fmr": 0.1}, {"threshold": 9}, {"threshold": 0}])
@pytest.mark.parametrize("images", [SAME, DIFFERENT])
def test_by_default_there_are_two_outcomes_and_no_zone(client, images, fields):
    answer = verify(client, images, **fields)
    assert answer["decision"] == ("same" if answer["same"] else "different")
    assert answer["zone"] is None


def test_an_energy_between_the_limits_is_unsure_and_the_threshold_keeps_its_verdict(client):
    plain = verify(client, BETWEEN)
    energy = plain["energy"]
    # The ratio is 10^(4 − 10 energy): these costs put the limits on both sides of this energy.
    ratio = 10 ** (4 - 10 * energy)
    costs = {"cost_false_match": 10 * ratio + 1, "cost_false_non_match": 1 + 10 / ratio}
    answer = verify(client, BETWEEN, **costs)
    assert answer["decision"] == "unsure"
    assert answer["zone"]["low"] == pytest.approx(energy - 0.1)
    assert answer["zone"]["high"] == pytest.approx(energy + 0.1)
    for name in ("decision", "zone", "meaning"):
        assert answer.pop(name) != plain.pop(name)
    assert answer == plain
    others = [verify(client, images, **costs)["decision"] for images in (SAME, DIFFERENT)]
    assert others == ["same", "different"]


@pytest.mark.parametrize("model", ["tiny", "tiny-codes"])
def test_every_kind_of_model_has_a_zone_with_the_rates_of_its_test_curve(client, models_dir, model):
    zone = verify(client, SAME, model=model, **COSTS)["zone"]
    curve = read_manifest(models_dir / model).accuracy.curve
    low, high = rates_at(curve, zone["low"]), rates_at(curve, zone["high"])
    assert (zone["fmr"], zone["fnmr"]) == (low.fmr, high.fnmr)
    assert zone["fmr_interval"] == list(low.fmr_interval)
    assert zone["impostor_unsure"] == pytest.approx(high.fmr - low.fmr)
    assert zone["note"] is None


def test_the_prior_moves_the_limits_as_the_odds_do(client):
    even, rare = (verify(client, SAME, prior=p, **COSTS)["zone"] for p in (2 / 3, 1 / 6))
    assert verify(client, SAME, **COSTS)["zone"] == verify(client, SAME, prior=0.5, **COSTS)["zone"]
    assert even["low"] - rare["low"] == pytest.approx(0.1), "a tenth of the ratio for each 0.1"


def test_json_takes_the_costs_too(client):
    body = {name: base64.b64encode(data).decode() for name, data in SAME.items()} | COSTS
    assert client.post("/verify", json=body).json() == verify(client, SAME, **COSTS)


def test_costs_beyond_what_the_data_supports_never_get_same_and_say_so(client):
    one = {"image1": SAME["image1"], "image2": SAME["image1"]}
    answer = verify(client, one, cost_false_match=1e6, cost_false_non_match=20)
    assert (answer["same"], answer["energy"]) == (True, 0)
    assert answer["decision"] == "unsure"
    assert (answer["zone"]["low"], answer["zone"]["fmr"]) == (None, 0)
    assert "supports at most 316" in answer["zone"]["note"]


def test_a_pair_of_target_rates_makes_the_zone(client):
    answer = verify(client, SAME, fmr=0.05, fnmr=0.08)
    assert answer["zone"]["low"] == answer["threshold"]
    assert answer["zone"]["fmr"] == answer["operating_point"]["fmr"]
    assert answer["zone"]["high"] > answer["zone"]["low"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"cost_false_match": 5}, "cost_false_non_match"),
        ({"cost_false_non_match": 5}, "cost_false_match"),
        (COSTS | {"cost_false_match": 0}, "cost_false_match"),
        (COSTS | {"cost_false_non_match": -1}, "cost_false_non_match"),
        (COSTS | {"cost_false_match": "nan"}, "cost_false_match"),
        (COSTS | {"cost_false_match": "1e999"}, "cost_false_match"),
        (COSTS | {"prior": 0}, "prior"),
        (COSTS | {"prior": 1}, "prior"),
        ({"prior": 0.5}, "prior"),
        (COSTS | {"threshold": 1}, "threshold"),
        (COSTS | {"fmr": 0.1}, "fmr"),
        (COSTS | {"fmr": 0.1, "fnmr": 0.1}, "fmr"),
        ({"fnmr": 0.1}, "fnmr"),
        ({"fnmr": 0.1, "threshold": 1}, "fnmr"),
        ({"fnmr": 0.1, "fmr": 0.1, "threshold": 1}, "threshold"),
        ({"fnmr": 0.1, "fmr": 0.1, "prior": 0.1}, "prior"),
        ({"fnmr": 0, "fmr": 0.1}, "fnmr"),
        ({"fnmr": 0.01, "fmr": 0.1}, "fnmr"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(client, fields, named):
    assert field_of(client, **fields) == named


def test_costs_of_any_size_are_answered(client):
    for one in (5e-324, 1.0, 1.7e308):
        for other in (5e-324, 1.0, 1.7e308):
            for prior in (5e-324, 0.5, 1 - 1e-16):
                costs = {"cost_false_match": one, "cost_false_non_match": other, "prior": prior}
                assert verify(client, DIFFERENT, **costs)["decision"] in OUTCOMES


def test_compare_takes_no_costs(client):
    body = {"probe": [0] * fakes.DIM, "gallery": [[0] * fakes.DIM]} | COSTS
    answer = client.post("/compare", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cost_false_match"
