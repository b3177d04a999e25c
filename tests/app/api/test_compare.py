import json

import numpy as np
import pytest

from tests import fakes

ZERO = [0.0] * fakes.DIM


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


def compare(client, probe, gallery, **choices):
    return client.post("/compare", json={"probe": probe, "gallery": gallery} | choices)


def compare_text(client, text):
    return client.post("/compare", content=text, headers={"Content-Type": "application/json"})


def at(distance):
    return [distance] + [0.0] * (fakes.DIM - 1)


def test_each_row_has_its_energy_and_its_decision(client):
    answer = compare(client, ZERO, [at(0.0), at(0.25), at(0.5)]).json()
    assert answer["energies"] == [0.0, 0.25, 0.5]
    assert answer["same"] == [True, True, False]
    assert answer["threshold"] == 0.3
    assert answer["operating_point"]["target_fmr"] == 0.01
    assert answer["model"]["name"] == "tiny"
    more = {"images", "threshold", "operating_point", "domain", "withheld", "model"}
    more |= {"identification", "identification_reason"}
    assert set(answer) == {"energies", "same", *more}


def test_threshold_and_fmr_are_chosen_as_in_verify(client):
    assert compare(client, ZERO, [at(0.25)], threshold=0).json()["same"] == [False]
    assert compare(client, ZERO, [at(0.45)], fmr=0.1).json()["same"] == [True]
    refused = compare(client, ZERO, [at(0.45)], fmr=0.001)
    assert (refused.status_code, problem_of(refused)) == (422, "unsupported-fmr")


def test_embeddings_give_the_energy_that_their_images_give(client):
    photos = {"image1": fakes.photo(1), "image2": fakes.photo(2)}
    verified = client.post("/verify", files={n: ("f", d) for n, d in photos.items()}).json()
    embedded = [
        client.post("/embed", files=[("image", ("f", d))]).json()["embeddings"][0]
        for d in photos.values()
    ]
    compared = compare(client, embedded[0], [embedded[1]]).json()
    assert compared["energies"][0] == pytest.approx(verified["energy"], abs=1e-6)


def test_codes_are_compared_in_bits(client):
    ones = [255] * fakes.DIM
    answer = compare(client, [0] * fakes.DIM, [ones, ZERO], model="tiny-codes").json()
    assert answer["energies"] == [64.0, 0.0]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "null", '"x"', "[]"])
def test_a_number_that_is_none_is_named_by_its_row(client, value):
    bad = f"[{', '.join(['0'] * 7)}, {value}]"
    response = compare_text(client, f'{{"probe": {ZERO}, "gallery": [{ZERO}, {ZERO}, {bad}]}}')
    assert (response.status_code, problem_of(response)) == (422, "bad-embedding")
    assert response.json()["row"] == 2
    assert "gallery row 2" in response.json()["detail"]


def test_a_bad_probe_is_said_to_be_the_probe(client):
    response = compare_text(client, f'{{"probe": [NaN{", 0" * 7}], "gallery": [{ZERO}]}}')
    assert (response.status_code, problem_of(response)) == (422, "bad-embedding")
    assert response.json()["detail"].startswith("probe")


@pytest.mark.parametrize("row", [[], [0.0] * 7, [0.0] * 9, at(1e39), at(-1e300)])
def test_a_vector_of_the_wrong_length_or_range_is_named_by_its_row(client, row):
    response = compare(client, ZERO, [ZERO, row])
    assert (response.status_code, problem_of(response)) == (422, "bad-embedding")
    assert response.json()["row"] == 1


def test_vectors_whose_energy_overflows_are_refused_not_answered_with_infinity(client):
    response = compare(client, at(3e38), [at(3e38), at(-3e38)])
    assert (response.status_code, problem_of(response)) == (422, "bad-embedding")
    assert response.json()["row"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 200_000,
        '{"probe":' * 1000,
        '{"probe": [' + "9" * 10_000 + "]}",
        '{"probe": {"a": 1}, "gallery": 5}',
        '{"gallery": []}',
        f'{{"probe": {ZERO}, "gallery": []}}',
        f'{{"probe": {ZERO}, "gallery": [[]], "extra": 1}}',
    ],
    ids=range(8),
)
def test_json_that_cannot_be_used_is_a_problem_of_the_clients(client, text):
    response = compare_text(client, text)
    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "application/problem+json"


def test_json_of_very_many_values_is_refused_before_it_is_parsed(client):
    response = compare_text(client, '{"probe": [' + "1," * 3_000_000 + "1]}")
    assert (response.status_code, problem_of(response)) == (413, "body-too-large")
    assert "values" in response.json()["detail"]


def test_a_gallery_with_more_rows_than_allowed_is_refused(client, settings):
    full = [ZERO] * settings.max_gallery
    assert compare(client, ZERO, full).status_code == 200
    response = compare(client, ZERO, [*full, ZERO])
    assert (response.status_code, problem_of(response)) == (413, "body-too-large")


def test_a_form_is_refused(client):
    response = client.post("/compare", data={"probe": "1"})
    assert (response.status_code, problem_of(response)) == (415, "unsupported-body")


def test_the_answer_is_json_of_finite_numbers_only(client):
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((50, fakes.DIM)).tolist()

    def refuse(literal):
        raise AssertionError(literal)

    json.loads(compare(client, ZERO, gallery).text, parse_constant=refuse)
