import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import SHIPPED_BUNDLES, Settings
from model.bundle import open_bundle
from model.preprocessing import ImageLimits, preprocess
from tests import fakes

PHOTO = fakes.encoded(fakes.image_of(3, size=(300, 200)).convert("RGB"), "JPEG")
IMAGE = {"Content-Type": "image/jpeg"}
JSON = {"Content-Type": "application/json"}
LIMITS = ImageLimits(max_bytes=10**7, max_pixels=10**8)


def pixels_of(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    return pixels if pixels.ndim == 3 else pixels[..., None]


def test_the_picture_is_what_the_graph_is_given_bit_for_bit(client):
    answer = client.post("/preview", files={"image": PHOTO})
    np.testing.assert_array_equal(pixels_of(answer), preprocess(PHOTO, fakes.SPEC, LIMITS))


@pytest.mark.parametrize("name", ["faces-crops", "att-chopra", "omniglot"])
def test_each_shipped_model_sees_the_image_in_its_own_way(name):
    spec = open_bundle(SHIPPED_BUNDLES / name).manifest.input
    with TestClient(create_app(Settings())) as shipped:
        answer = shipped.post(f"/preview?model={name}", content=PHOTO, headers=IMAGE)
        np.testing.assert_array_equal(pixels_of(answer), preprocess(PHOTO, spec, LIMITS))


def test_a_pair_model_shows_what_it_sees_too(tmp_path):
    fakes.make_pair_bundle(tmp_path)
    with TestClient(create_app(Settings(models_dir=tmp_path, default_model="pair"))) as pairs:
        spec = open_bundle(tmp_path / "pair").manifest.input
        answer = pairs.post("/preview", content=PHOTO, headers=IMAGE)
        np.testing.assert_array_equal(pixels_of(answer), preprocess(PHOTO, spec, LIMITS))


def test_an_image_lying_on_its_side_is_shown_upright(client):
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = fakes.image_of(1).rotate(90, expand=True)
    turned = fakes.encoded(lying, "PNG", exif=exif)
    upright = fakes.encoded(fakes.image_of(1), "PNG")
    shown = [pixels_of(client.post("/preview", files={"image": i})) for i in (turned, upright)]
    np.testing.assert_array_equal(*shown)


@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [
        ({"files": {"image": PHOTO[:500]}}, 422, "broken-image"),
        ({"files": {"image": b"no image"}}, 415, "unsupported-image"),
        ({"files": {"other": PHOTO}}, 422, "bad-part"),
        ({"files": [("image", PHOTO), ("image", PHOTO)]}, 422, "bad-part"),
        ({"content": b"{}", "headers": JSON}, 415, "unsupported-body"),
        ({"files": {"image": PHOTO}, "data": {"model": "none"}}, 404, "unknown-model"),
    ],
)
def test_what_cannot_be_shown_is_refused_as_by_the_other_calls(client, sent, status, slug):
    answer = client.post("/preview", **sent)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:likewise:problem:{slug}"
