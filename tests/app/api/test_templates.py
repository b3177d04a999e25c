"""Several images of one thing on a side of /verify and /compare."""

import base64
import io

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from model.preprocessing import preprocess
from tests import fakes

PHOTOS = [fakes.photo(identity, take) for identity in (1, 2) for take in (0, 2, 4)]
ONE, OTHER = PHOTOS[:3], PHOTOS[3:]


def verify(client, one, other, **choices):
    files = [("image1", ("f", data)) for data in one] + [("image2", ("f", data)) for data in other]
    return client.post("/verify", files=files, data=choices)


def as_json(one, other, **choices):
    sides = {"image1": one, "image2": other}
    texts = {name: [base64.b64encode(d).decode() for d in side] for name, side in sides.items()}
    return texts | choices


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


@pytest.fixture(scope="module")
def embed(models_dir):
    """Embeddings by the definition of the graph's operators, without the service."""
    bundle = open_bundle(models_dir / "tiny")

    def embeddings(files):
        tensor = np.stack([preprocess(file, bundle.manifest.input) for file in files])
        return fakes.run_reference(bundle.onnx, tensor)

    return embeddings


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 1), (2, 2)])
def test_the_energy_is_that_of_the_mean_embeddings(client, embed, one, other):
    answer = verify(client, ONE[:one], OTHER[:other]).json()
    means = embed(ONE[:one]).mean(axis=0), embed(OTHER[:other]).mean(axis=0)
    assert answer["energy"] == pytest.approx(np.linalg.norm(means[0] - means[1]), rel=1e-4)
    assert answer["images"] == [one, other]


def test_the_operating_points_are_those_of_the_numbers_of_images(client):
    for size, share in fakes.TEMPLATE_SIZES.items():
        answer = verify(client, ONE[: size[0]], OTHER[: size[1]], fmr="0.1").json()
        assert answer["threshold"] == pytest.approx(0.5 * share)
        assert answer["operating_point"]["target_fmr"] == 0.1
    assert verify(client, ONE[:2], OTHER[:1]).json()["threshold"] == pytest.approx(0.3 * 0.8)
    assert verify(client, ONE[:1], OTHER[:1]).json()["threshold"] == 0.3


def test_json_gives_the_same_answer_as_a_form(client):
    body = as_json(ONE[:2], OTHER[:1])
    expected = verify(client, ONE[:2], OTHER[:1]).json()
    assert client.post("/verify", json=body).json() == expected
    body["image2"] = body["image2"][0]
    assert client.post("/verify", json=body).json() == expected


def test_the_order_of_a_sides_images_does_not_matter(client):
    there, back = (verify(client, side, OTHER[:1]) for side in (ONE[:2], ONE[1::-1]))
    assert there.json()["energy"] == pytest.approx(back.json()["energy"], rel=1e-5)


def test_numbers_that_were_not_measured_are_refused_with_those_that_were(client):
    response = verify(client, ONE, OTHER[:1])
    assert (response.status_code, problem_of(response)) == (422, "unsupported-template")
    assert response.json()["supported"] == [[1, 2], [2, 2]]
    assert "3 and 1 images" in response.json()["detail"]


def test_a_threshold_of_the_callers_own_decides_without_rates(client):
    answer = verify(client, ONE, OTHER, threshold="9").json()
    assert answer["same"] is True
    assert answer["operating_point"] is answer["likelihood_ratio"] is None
    assert answer["likelihood_ratio_interval"] is None
    assert "Nothing was measured" in answer["withheld"]
    measured = verify(client, ONE[:2], OTHER[:2], threshold="9").json()
    assert measured["operating_point"]["fmr"] == 1.0
    assert measured["likelihood_ratio"] is not None


def test_a_bundle_of_version_1_takes_one_image_a_side_and_says_so(tmp_path):
    fakes.make_bundle(tmp_path, "tiny", schema_version=1)
    with TestClient(create_app(Settings(models_dir=tmp_path, default_model="tiny"))) as old:
        assert verify(old, ONE[:1], OTHER[:1]).status_code == 200
        for choices in ({}, {"threshold": "1"}):
            response = verify(old, ONE[:2], OTHER[:1], **choices)
            assert (response.status_code, problem_of(response)) == (422, "unsupported-template")
            assert "schema version 1" in response.json()["detail"]


def test_a_target_that_a_size_does_not_support_is_refused(client):
    response = verify(client, ONE[:2], OTHER[:2], fmr="0.001")
    assert (response.status_code, problem_of(response)) == (422, "unsupported-fmr")


def test_costs_are_weighed_by_the_ratio_of_the_size(client):
    costs = {"cost_false_match": "10", "cost_false_non_match": "10"}
    single, several = (
        verify(client, ONE[:n], OTHER[:n], **costs).json()["zone"]["low"] for n in (1, 2)
    )
    assert several == pytest.approx(0.6 * single)


def test_codes_are_compared_by_the_shares_of_their_bits(client):
    parts = [("image", ("f", data)) for data in (*ONE[:2], OTHER[0])]
    codes = client.post("/embed", files=parts, data={"model": "tiny-codes"}).json()["embeddings"]
    bits = np.unpackbits(np.array(codes, np.uint8), axis=1).astype(float)
    expected = ((bits[:2].mean(axis=0) - bits[2]) ** 2).sum()
    answer = verify(client, ONE[:2], OTHER[:1], model="tiny-codes").json()
    assert answer["energy"] == pytest.approx(expected, rel=1e-5)


def test_a_pair_model_compares_every_pair(tmp_path):
    fakes.make_pair_bundle(tmp_path)
    settings = Settings(models_dir=tmp_path, default_model="pair", max_images=8, max_batch=2)
    with TestClient(create_app(settings)) as pairs:
        assert problem_of(verify(pairs, ONE[:2], OTHER)) == "unsupported-template"
    templates = fakes.make_templates(fakes.Metric.NONE)
    fakes.make_pair_bundle(tmp_path, templates=templates)
    with TestClient(create_app(settings)) as pairs:
        each = [verify(pairs, [a], [b]).json()["energy"] for a in ONE[:2] for b in OTHER[:2]]
        answer = verify(pairs, ONE[:2], OTHER[:2]).json()
        assert answer["energy"] == pytest.approx(np.mean(sorted(each)[1:3]), rel=1e-5)
        assert verify(pairs, ONE[:2], OTHER, threshold="1").status_code == 200
        many = verify(pairs, ONE, OTHER, threshold="1")
        assert (many.status_code, problem_of(many)) == (413, "too-many-images")


def test_more_images_than_the_limit_are_refused_in_either_format(models_dir):
    settings = Settings(models_dir=models_dir, default_model="tiny", max_images=4)
    with TestClient(create_app(settings)) as small:
        for one, other in ((ONE, OTHER[:2]), (ONE[:2], OTHER), ([*ONE, *OTHER], ONE[:1])):
            for response in (
                verify(small, one, other),
                small.post("/verify", json=as_json(one, other)),
            ):
                assert (response.status_code, problem_of(response)) == (413, "too-many-images")
                assert "more than 4 images" in response.json()["detail"]
        assert verify(small, ONE[:2], OTHER[:2]).status_code == 200


@pytest.mark.parametrize("broken", [0, 1])
def test_a_broken_image_of_several_is_named(client, broken):
    side = [ONE[0], ONE[1]]
    side[broken] = side[broken][:300]
    for response in (
        verify(client, OTHER[:1], side),
        client.post("/verify", json=as_json(OTHER[:1], side)),
    ):
        assert (response.status_code, problem_of(response)) == (422, "broken-image")
        assert response.json()["detail"].startswith(f"image2[{broken}]: ")


@pytest.mark.parametrize(
    "value", ["[]", "[1]", '["QUJD",]', '[["QUJD"]]', "[null]", '["QUJD" "QUJD"]', "null", "5"]
)
def test_a_side_that_is_no_image_and_no_list_of_images_is_refused(client, value):
    text = f'{{"image1": {value}, "image2": "QUJD"}}'
    response = client.post("/verify", content=text, headers={"Content-Type": "application/json"})
    assert (response.status_code, problem_of(response)) == (422, "bad-parameter")
    assert response.json()["errors"][0]["field"] == "image1"


def compare(client, rows, **params):
    file = io.BytesIO()
    np.save(file, rows)
    headers = {"Content-Type": "application/x-npy"}
    return client.post("/compare", content=file.getvalue(), params=params, headers=headers)


@pytest.fixture(scope="module")
def rows(embed):
    return embed([*ONE[:2], *OTHER[:2], ONE[2], OTHER[2]]).astype(np.float32)


def test_compare_gives_one_energy_for_each_thing(client, rows):
    answer = compare(client, rows, probe_images=2, gallery_images=2).json()
    probe, things = rows[:2].mean(axis=0), rows[2:].reshape(2, 2, -1).mean(axis=1)
    np.testing.assert_allclose(
        answer["energies"], np.linalg.norm(things - probe, axis=1), rtol=1e-5
    )
    assert answer["images"] == [2, 2]
    assert answer["threshold"] == pytest.approx(0.3 * 0.6)
    verified = verify(client, ONE[:2], OTHER[:2]).json()
    assert answer["energies"][0] == pytest.approx(verified["energy"], rel=1e-4)
    assert answer["operating_point"] == verified["operating_point"]


def test_compare_in_json_takes_a_list_for_a_probe(client, rows):
    body = {"probe": rows[:2].tolist(), "gallery": rows[2:].tolist(), "gallery_images": 2}
    expected = compare(client, rows, probe_images=2, gallery_images=2).json()
    assert client.post("/compare", json=body).json() == expected
    assert client.post("/compare", json=body | {"probe_images": 2}).json() == expected
    refused = client.post("/compare", json=body | {"probe_images": 3})
    assert refused.json()["errors"][0]["field"] == "probe_images"


def test_a_gallery_in_pieces_is_compared_as_in_one(models_dir):
    """Rows of a template may come in two chunks, and those of the probe."""
    from app.api.bodies.streamed_gallery import StreamedGallery  # noqa: PLC0415
    from app.catalog.catalog import ServedModel  # noqa: PLC0415
    from app.templates import choose_for  # noqa: PLC0415

    model = ServedModel(open_bundle(models_dir / "tiny").manifest, fakes.FakeEncoder())
    _, choice = choose_for(model.manifest, (2, 2))
    rng = np.random.default_rng(3)
    array = rng.standard_normal((2 + 2 * 700, fakes.DIM)).astype(np.float32)
    file = io.BytesIO()
    np.save(file, array)
    body = file.getvalue()
    held = []
    gallery = StreamedGallery(model, lambda _: choice, 2000, held.append, (2, 2))
    for start in range(0, len(body), 331):
        gallery.feed(body[start : start + 331])
    comparison, _ = gallery.close()
    probe, things = array[:2].mean(axis=0), array[2:].reshape(700, 2, -1).mean(axis=1)
    expected = np.linalg.norm(things - probe, axis=1)
    np.testing.assert_allclose(comparison.energies, expected, rtol=1e-5)
    assert sum(held) < 2_000_000


@pytest.mark.parametrize(
    ("params", "status", "slug"),
    [
        ({"probe_images": 2, "gallery_images": 3}, 422, "unsupported-template"),
        ({"probe_images": 1, "gallery_images": 2}, 422, "bad-parameter"),
        ({"probe_images": 0}, 422, "bad-parameter"),
        ({"gallery_images": "1.5"}, 422, "bad-parameter"),
        ({"gallery_images": 33, "threshold": 1}, 413, "too-many-images"),
    ],
)
def test_numbers_of_images_that_cannot_be_are_refused(client, rows, params, status, slug):
    response = compare(client, rows, **params)
    assert (response.status_code, problem_of(response)) == (status, slug)


@pytest.mark.parametrize("row", [1, 4])
def test_a_row_that_is_not_finite_is_named(client, rows, row):
    bad = rows.copy()
    bad[row, 3] = np.nan
    response = compare(client, bad, probe_images=2, gallery_images=2)
    assert (response.status_code, problem_of(response)) == (422, "bad-embedding")
    named = f"probe row {row}" if row < 2 else f"gallery row {row - 2}"
    assert named in response.json()["detail"]
