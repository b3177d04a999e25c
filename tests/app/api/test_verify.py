import base64
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from model.bundle import read_manifest
from model.manifest import ErrorRates
from tests import fakes

SAME = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 2)}
DIFFERENT = {"image1": fakes.photo(1), "image2": fakes.photo(2)}


def as_files(images):
    return {name: ("picture", data, "text/plain") for name, data in images.items()}


def as_json(images, **choices):
    return {name: base64.b64encode(data).decode() for name, data in images.items()} | choices


def verify(client, images, **choices):
    return client.post("/verify", files=as_files(images), data=choices)


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


def test_two_pictures_of_one_thing_are_the_same_and_of_two_are_not(client):
    assert verify(client, SAME).json()["same"] is True
    assert verify(client, DIFFERENT).json()["same"] is False


def test_the_answer_has_just_these_members(client, models_dir):
    answer = verify(client, SAME).json()
    manifest = read_manifest(models_dir / "tiny")
    assert set(answer) == {
        "same",
        "energy",
        "images",
        "threshold",
        "decision",
        "zone",
        "meaning",
        "operating_point",
        "likelihood_ratio",
        "likelihood_ratio_interval",
        "located",
        "domain",
        "withheld",
        "model",
    }
    point = answer["operating_point"]
    assert point.pop("target_fmr") == 0.01
    assert ErrorRates(**point) == manifest.calibration.default_point.test
    assert answer["threshold"] == 0.3
    assert answer["model"] == {
        "name": "tiny",
        "version": "1.2.3",
        "sha256": manifest.onnx.sha256,
        "precision": None,
    }


def test_the_energy_is_what_the_graph_and_the_metric_define(client, models_dir):
    graph = (models_dir / "tiny/encoder.onnx").read_bytes()
    pixels = [
        fakes.image_of(1, take).resize((24, 32), Image.Resampling.BILINEAR) for take in (0, 2)
    ]
    tensor = np.stack([np.asarray(image)[..., np.newaxis] for image in pixels])
    left, right = fakes.run_reference(graph, tensor)
    expected = float(np.linalg.norm(left - right))
    assert verify(client, SAME).json()["energy"] == pytest.approx(expected, abs=0.02)


def test_multipart_and_json_give_the_same_answer(client):
    assert client.post("/verify", json=as_json(SAME)).json() == verify(client, SAME).json()


def test_a_data_uri_is_taken_too(client):
    sent = as_json(SAME)
    sent["image1"] = "data:image/png;charset=utf-8;base64," + sent["image1"]
    assert client.post("/verify", json=sent).json() == verify(client, SAME).json()


def test_the_images_order_does_not_matter(client):
    swapped = {"image1": DIFFERENT["image2"], "image2": DIFFERENT["image1"]}
    assert verify(client, swapped).json() == verify(client, DIFFERENT).json()


@pytest.mark.parametrize(
    ("file_format", "mode"),
    [
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("WEBP", "RGB"),
        ("BMP", "RGB"),
        ("GIF", "P"),
        ("TIFF", "L"),
        ("PPM", "L"),
        ("PPM", "RGB"),
    ],
)
def test_every_format_is_taken_whatever_its_part_claims_to_be(client, file_format, mode):
    picture = fakes.encoded(fakes.image_of(1).convert("RGB").convert(mode), file_format)
    answer = verify(client, {"image1": picture, "image2": fakes.photo(1)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["energy"] < 0.1


def test_a_threshold_of_the_callers_own_decides_and_zero_is_one(client):
    zero = verify(client, SAME, threshold="0").json()
    assert (zero["same"], zero["threshold"]) == (False, 0.0)
    assert zero["operating_point"]["target_fmr"] is None
    assert zero["operating_point"]["fnmr"] == 1.0
    assert verify(client, DIFFERENT, threshold="100").json()["same"] is True
    assert client.post("/verify", json=as_json(SAME, threshold=0)).json() == zero


def test_a_target_fmr_picks_its_operating_point(client):
    answer = verify(client, SAME, fmr="0.1").json()
    assert answer["threshold"] == 0.5
    assert answer["operating_point"]["target_fmr"] == 0.1


@pytest.mark.parametrize("fmr", [0.001, 0.02])
def test_an_unsupported_fmr_is_refused_with_the_supported_ones(client, fmr):
    response = verify(client, SAME, fmr=str(fmr))
    assert response.status_code == 422
    assert problem_of(response) == "unsupported-fmr"
    assert response.json()["supported"] == [0.1, 0.05, 0.01]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", "nan"),
        ("threshold", "inf"),
        ("threshold", "-Infinity"),
        ("threshold", "1e999"),
        ("threshold", "much"),
        ("fmr", "2"),
        ("fmr", "-0.1"),
        ("model", "x" * 65),
    ],
)
def test_a_bad_parameter_is_named(client, name, value):
    response = verify(client, SAME, **{name: value})
    assert response.status_code == 422
    assert problem_of(response) == "bad-parameter"
    assert response.json()["errors"][0]["field"] == name


def test_an_unknown_model_is_refused_with_the_known_ones(client):
    response = verify(client, SAME, model="nobody")
    assert (response.status_code, problem_of(response)) == (404, "unknown-model")
    assert response.json()["available"] == ["tiny", "tiny-codes"]


def test_a_model_of_codes_answers_in_bits(client):
    answer = verify(client, SAME, model="tiny-codes").json()
    assert answer["model"]["name"] == "tiny-codes"
    assert answer["energy"] == int(answer["energy"])
    assert answer["same"] is True


def test_a_parameter_in_the_url_is_refused_not_ignored(client):
    response = client.post("/verify?threshold=5", files=as_files(SAME))
    assert (response.status_code, problem_of(response)) == (422, "bad-parameter")


@pytest.mark.parametrize("missing", ["image1", "image2"])
def test_a_missing_image_is_named(client, missing):
    images = {name: data for name, data in SAME.items() if name != missing}
    response = verify(client, images)
    assert (response.status_code, problem_of(response)) == (422, "bad-part")
    assert missing in response.json()["detail"]
    response = client.post("/verify", json=as_json(images))
    assert (response.status_code, problem_of(response)) == (422, "bad-parameter")
    assert response.json()["errors"][0]["field"] == missing


def png_that_claims(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4


@pytest.mark.parametrize(
    ("data", "status", "slug"),
    [
        (png_that_claims(60_000, 60_000), 413, "image-too-large"),
        (fakes.photo(1)[:300], 422, "broken-image"),
        (fakes.photo(1, file_format="JPEG")[:600], 422, "broken-image"),
        (b"%PDF-1.4 hello", 415, "unsupported-image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported-image"),
        (b"", 415, "unsupported-image"),
        (b"\0" * 1000, 415, "unsupported-image"),
        (b"x" * 10_000_001, 413, "image-too-large"),
    ],
    ids=["bomb", "cut-png", "cut-jpeg", "pdf", "svg", "empty", "zeros", "large"],
)
def test_an_image_that_cannot_be_used_is_named_and_said_why(client, data, status, slug):
    images = {"image1": SAME["image1"], "image2": data}
    for response in (verify(client, images), client.post("/verify", json=as_json(images))):
        assert (response.status_code, problem_of(response)) == (status, slug)
        assert response.json()["detail"].startswith("image2: ")


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1/picture.png",
        "https://example.org/picture.png",
        "file:///etc/passwd",
        "data:image/png,notbase64",
        "not base64!",
        "QUJD*",
        "QUJ",
        "ÄÖÜ",
    ],
)
def test_only_base64_is_an_image_in_json(client, text):
    response = client.post("/verify", json=as_json(SAME) | {"image1": text})
    assert (response.status_code, problem_of(response)) == (422, "bad-parameter")
    assert response.json()["errors"][0]["field"] == "image1"


@pytest.mark.parametrize("text", ["/etc/passwd", "QUJD", "etc"])
def test_a_path_is_no_image(client, text):
    response = client.post("/verify", json=as_json(SAME) | {"image1": text})
    assert response.status_code in {415, 422}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"image1":' * 50_000,
        b'{"image1": 1e999, "image2": NaN}',
        b'{"image1": "\\ud800", "image2": ""}',
        b'{"threshold": ' + b"9" * 100_000 + b"}",
        json.dumps(as_json(SAME, treshold=1)).encode(),
    ],
    ids=range(11),
)
def test_json_that_cannot_be_used_is_a_problem_of_the_clients(client, body):
    response = client.post("/verify", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    assert problem_of(response) in {"unreadable-body", "bad-parameter"}


def test_json_of_very_many_values_is_refused_before_it_is_parsed(client):
    body = b'{"x":[' + b"1," * 1_000_000 + b"1]}"
    response = client.post("/verify", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, problem_of(response)) == (413, "body-too-large")
    assert "values" in response.json()["detail"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "true1", '"inf"'])
def test_a_threshold_in_json_is_a_finite_number(client, value):
    body = json.dumps(as_json(SAME))[:-1] + f', "threshold": {value}}}'
    response = client.post("/verify", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused_with_the_types_that_are_taken(client, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    response = client.post("/verify", content=b"x", headers=headers)
    assert (response.status_code, problem_of(response)) == (415, "unsupported-body")
    detail = response.json()["detail"]
    assert (content_type or "Content-Type is missing") in detail
    assert "multipart/form-data or application/json" in detail


def test_multipart_without_a_boundary_is_unreadable(client):
    headers = {"Content-Type": "multipart/form-data"}
    response = client.post("/verify", content=b"x", headers=headers)
    assert (response.status_code, problem_of(response)) == (400, "unreadable-body")


def test_a_parameter_that_comes_twice_is_refused(client):
    parts = [*SAME.items(), ("fmr", b"0.1"), ("fmr", b"0.1")]
    files = [(name, ("f", data) if name in SAME else (None, data)) for name, data in parts]
    response = client.post("/verify", files=files)
    assert (response.status_code, problem_of(response)) == (422, "bad-part")


def test_get_is_not_allowed_and_says_what_is(client):
    response = client.get("/verify")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
