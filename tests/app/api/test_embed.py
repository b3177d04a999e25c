import io

import numpy as np
import pytest

from tests import fakes


def parts(*identities):
    return [("image", ("f", fakes.photo(i), "application/pdf")) for i in identities]


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


def test_each_image_gets_its_embedding_in_order(client):
    answer = client.post("/embed", files=parts(3, 1, 2)).json()
    assert answer["dim"] == fakes.DIM
    assert answer["model"]["name"] == "tiny"
    embeddings = np.array(answer["embeddings"])
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)
    alone = [client.post("/embed", files=parts(i)).json()["embeddings"][0] for i in (3, 1, 2)]
    np.testing.assert_allclose(embeddings, alone, atol=1e-6)


def test_a_raw_body_is_one_image(client):
    content = fakes.photo(4, file_format="JPEG")
    raw = client.post("/embed", content=content, headers={"Content-Type": "image/png"})
    form = client.post("/embed", files=[("image", ("f", content))])
    assert raw.json() == form.json()
    assert len(raw.json()["embeddings"]) == 1


def test_an_array_is_given_where_it_is_asked_for(client):
    headers = {"Accept": "application/json;q=0.5, application/x-npy"}
    response = client.post("/embed", files=parts(1, 2), headers=headers)
    array = np.load(io.BytesIO(response.content), allow_pickle=False)
    assert response.headers["content-type"] == "application/x-npy"
    assert (array.dtype, array.shape) == (np.float32, (2, fakes.DIM))
    answer = client.post("/embed", files=parts(1, 2)).json()
    np.testing.assert_array_equal(array, np.array(answer["embeddings"], dtype=np.float32))
    named = {key: response.headers[f"x-model-{key}"] for key in ("name", "version", "sha256")}
    assert named | {"precision": None} == answer["model"]


def test_codes_are_bytes_in_both_forms(client):
    answer = client.post("/embed", files=parts(1), data={"model": "tiny-codes"}).json()
    npy = client.post(
        "/embed?model=tiny-codes", files=parts(1), headers={"Accept": "application/x-npy"}
    )
    array = np.load(io.BytesIO(npy.content), allow_pickle=False)
    assert array.dtype == np.uint8
    assert array.tolist() == answer["embeddings"]
    assert all(isinstance(value, int) for value in answer["embeddings"][0])


def test_the_model_of_a_raw_body_stands_in_the_url(client):
    headers = {"Content-Type": "image/png"}
    response = client.post("/embed?model=tiny-codes", content=fakes.photo(1), headers=headers)
    assert response.json()["model"]["name"] == "tiny-codes"


def test_a_model_given_twice_is_refused(client):
    response = client.post("/embed?model=tiny", files=parts(1), data={"model": "tiny"})
    assert (response.status_code, problem_of(response)) == (422, "bad-parameter")


def test_an_unknown_parameter_in_the_url_is_a_problem(client):
    response = client.post("/embed?modell=tiny", files=parts(1))
    assert (response.status_code, problem_of(response)) == (422, "bad-parameter")
    assert response.json()["errors"][0]["field"] == "modell"


def test_thirty_two_images_are_taken_and_one_more_is_not(client):
    assert len(client.post("/embed", files=parts(*range(32))).json()["embeddings"]) == 32
    response = client.post("/embed", files=parts(*range(33)))
    assert (response.status_code, problem_of(response)) == (413, "too-many-images")


def test_one_bad_image_of_several_is_named(client):
    files = [*parts(1, 2), ("image", ("f", fakes.photo(3)[:100]))]
    response = client.post("/embed", files=files)
    assert (response.status_code, problem_of(response)) == (422, "broken-image")
    assert response.json()["detail"].startswith("image[2]: ")


def test_no_image_at_all_is_refused(client):
    response = client.post("/embed", files=[("model", (None, "tiny"))])
    assert (response.status_code, problem_of(response)) == (422, "bad-part")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_of_another_type_is_refused(client, content_type):
    response = client.post("/embed", content=b"x", headers={"Content-Type": content_type})
    assert (response.status_code, problem_of(response)) == (415, "unsupported-body")


def test_a_raw_body_that_is_no_image_is_refused(client):
    response = client.post("/embed", content=b"hello", headers={"Content-Type": "image/png"})
    assert (response.status_code, problem_of(response)) == (415, "unsupported-image")
