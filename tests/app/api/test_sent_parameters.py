"""Whatever a request sends is honoured or refused: nothing is ignored for another answer."""

import base64
import io

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests import fakes

PAIR = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 2)}
TEXTS = {name: base64.b64encode(data).decode() for name, data in PAIR.items()}
JSON = {"Content-Type": "application/json"}
NPY = {"Content-Type": "application/x-npy"}


def problem_of(response):
    return response.status_code, response.json()["type"].removeprefix("urn:likewise:problem:")


def post_json(client, text):
    images = ", ".join(f'"{name}": "{data}"' for name, data in TEXTS.items())
    return client.post("/verify", content=f"{{{images}, {text}}}".encode(), headers=JSON)


@pytest.mark.parametrize(
    "text",
    [
        '"threshold": 9, "threshold": 0',
        '"threshold": 0, "thresh\\u006fld": 9',
        '"image1": "", "fmr": 0.1',
        '"threshold": true',
        '"threshold": "1_5"',
        '"threshold": "1"',
        '"fmr": false',
        '"threshold": -0.5',
        '"Threshold": 9',
        '"threshold": 9, "model": ["tiny"]',
    ],
)
def test_json_that_says_two_things_or_another_type_is_refused(client, text):
    assert problem_of(post_json(client, text)) == (422, "bad-parameter")


def test_json_with_a_byte_order_mark_is_taken(client):
    plain = client.post("/verify", json=TEXTS)
    marked = client.post("/verify", content=b"\xef\xbb\xbf" + plain.request.content, headers=JSON)
    assert (marked.status_code, marked.json()) == (200, plain.json())


def test_json_in_utf_16_is_told_to_be_utf_8(client):
    text = client.post("/verify", json=TEXTS).request.content.decode()
    response = client.post("/verify", content=text.encode("utf-16"), headers=JSON)
    assert problem_of(response) == (400, "unreadable-body")
    assert "UTF-8" in response.json()["detail"]


@pytest.mark.parametrize("row", [[True] + [0] * 7, ["1"] * 8, ["1_5"] * 8, [None] * 8])
def test_a_vector_of_anything_but_numbers_is_refused(client, row):
    for sent in ({"probe": row, "gallery": [[0] * 8]}, {"probe": [0] * 8, "gallery": [row]}):
        assert problem_of(client.post("/compare", json=sent)) == (422, "bad-embedding")


@pytest.mark.parametrize("name", ["probe", "gallery"])
def test_a_gallery_or_a_probe_that_is_there_twice_is_refused(client, name):
    value = {"probe": "[0,0,0,0,0,0,0,1]", "gallery": "[[0,0,0,0,0,0,0,1]]"}
    members = [f'"{key}": {value[key]}' for key in ("probe", "gallery", name)]
    body = f"{{{', '.join(members)}}}".encode()
    assert problem_of(client.post("/compare", content=body, headers=JSON)) == (422, "bad-parameter")


@pytest.mark.parametrize("path", ["/verify", "/embed", "/preview"])
def test_a_threshold_in_the_url_of_a_call_that_takes_none_there_is_refused(client, path):
    part = {"image1": b"x", "image2": b"x"} if path == "/verify" else {"image": b"x"}
    response = client.post(f"{path}?threshold=9", files=part)
    assert problem_of(response) == (422, "bad-parameter")


def rows(client, query):
    file = io.BytesIO()
    np.save(file, np.zeros((2, fakes.DIM), np.float32))
    return client.post(f"/compare?{query}", content=file.getvalue(), headers=NPY)


@pytest.mark.parametrize(
    "query",
    [
        "threshold=1&threshold=2",
        "threshold=1_5",
        "threshold=%D9%A1",
        "threshold=",
        "model=",
        "threshold=-1",
        "treshold=1",
        "fmr=0.1&Threshold=0",
    ],
)
def test_a_query_that_cannot_be_honoured_is_refused(client, query):
    assert problem_of(rows(client, query)) == (422, "bad-parameter")


def test_a_query_with_escapes_is_honoured(client):
    assert rows(client, "thresh%6Fld=%2B1.5").json()["threshold"] == 1.5
    assert rows(client, "threshold=1e%2B0").json()["threshold"] == 1


@pytest.mark.parametrize("model", ["tiny", "tiny-codes"])
@pytest.mark.parametrize("threshold", ["-1", "-1e-9", "-1e300"])
def test_a_threshold_below_every_energy_is_refused(client, model, threshold):
    response = client.post("/verify", files=PAIR, data={"threshold": threshold, "model": model})
    assert problem_of(response) == (422, "bad-parameter")
    assert "is below 0" in response.json()["detail"]
    assert response.json()["errors"][0]["field"] == "threshold"


def test_minus_zero_is_zero(client):
    answer = client.post("/verify", files=PAIR, data={"threshold": "-0"})
    assert (answer.status_code, answer.json()["threshold"]) == (200, 0)


@pytest.mark.parametrize(("lowest", "statuses"), [(0.0, (422, 422)), (-3.0, (200, 422))])
def test_a_pair_models_own_energies_bound_its_thresholds(tmp_path, lowest, statuses):
    manifest = fakes.make_manifest(b"g", golden=(0.0,) * fakes.DIM)
    curve = manifest.accuracy.curve
    shifted = curve.model_copy(update={"thresholds": (lowest, *curve.thresholds[1:])})
    accuracy = manifest.accuracy.model_copy(update={"curve": shifted})
    fakes.make_pair_bundle(tmp_path, accuracy=accuracy)
    with TestClient(create_app(Settings(models_dir=tmp_path, default_model="pair"))) as client:
        for threshold, status in zip(("-2.5", "-3.5"), statuses, strict=True):
            answer = client.post("/verify", files=PAIR, data={"threshold": threshold})
            assert answer.status_code == status
            if status == 200:
                assert answer.json()["threshold"] == -2.5


def test_an_empty_field_of_a_form_counts_as_absent(client):
    empty = client.post("/verify", files=PAIR, data={"threshold": "", "model": "", "fmr": ""})
    assert empty.status_code == 200
    assert empty.json() == client.post("/verify", files=PAIR).json()
    embedded = client.post("/embed", files={"image": fakes.photo(1)}, data={"model": ""})
    assert embedded.json()["model"]["name"] == "tiny"


@pytest.mark.parametrize("value", ["1_000", "0.00000000000000000000", "nan", "", "1e3x", "-5"])
def test_a_deadline_that_is_no_decimal_number_is_refused(client, value):
    response = client.post("/verify", json=TEXTS, headers={"X-Deadline-Ms": value})
    assert problem_of(response) == (422, "bad-parameter")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/verify", "/embed", "/compare", "/preview"])
def test_another_method_is_told_to_post(client, method, path):
    response = client.request(method, f"{path}?image1=a&image2=b")
    assert problem_of(response) == (405, "method-not-allowed")
    assert response.headers["allow"] == "POST"
    assert f"{method} {path}: this path takes POST; send its images" in response.json()["detail"]
    assert "/docs" in response.json()["detail"]


def test_posting_where_there_is_something_to_get_says_so(client):
    response = client.post("/models")
    assert response.status_code == 405
    assert "this path takes GET" in response.json()["detail"]
