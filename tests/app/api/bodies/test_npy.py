import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies import npy
from app.errors import UnreadableBodyError
from tests import fakes

NPY = {"Content-Type": npy.MEDIA_TYPE}
AS_NPY = {"Accept": npy.MEDIA_TYPE}


def saved(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def rows(n=3, dim=fakes.DIM, dtype=np.float32):
    return np.random.default_rng(0).uniform(0, 1, (n, dim)).astype(dtype)


def read(body, pieces=1):
    """The matrix of a body that arrives in pieces."""
    reader = npy.MatrixReader(lambda _: None)
    step = max(1, -(-len(body) // pieces))
    taken = [reader.feed(body[start : start + step]) for start in range(0, len(body), step)]
    reader.close()
    return np.concatenate([rows for rows in taken if rows is not None])


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 40, 10_000])
def test_a_matrix_is_read_as_it_was_saved_however_it_arrives(dtype, pieces):
    array = (rows(n=20) * 9).astype(dtype)
    answer = read(saved(array), pieces)
    np.testing.assert_array_equal(answer, array)
    assert answer.dtype == dtype


def test_what_the_header_promises_is_told_before_any_row():
    class RefusedError(Exception):
        pass

    def refuse(matrix):
        assert matrix == npy.Matrix(3, fakes.DIM, np.dtype(np.float32))
        raise RefusedError

    reader = npy.MatrixReader(refuse)
    body = saved(rows())
    assert reader.feed(body[:100]) is None
    with pytest.raises(RefusedError):
        reader.feed(body[100:128])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x93NUMPY",
        b"PK\x03\x04",
        saved(rows())[:-1],
        saved(rows()) + b"\0",
        saved(rows(dtype=np.float64)),
        saved(rows().astype(">f4")),
        saved(np.asfortranarray(rows())),
        saved(rows()[0]),
        saved(rows(n=1)),
        saved(np.zeros((2, 3, 4), np.float32)),
        saved(np.array([["x"]], dtype=object), allow_pickle=True),
        b"\x93NUMPY\x01\x00\xff\xff" + b" " * 70000,
        saved(rows()).replace(b"(3, 8), }          ", b"(3999999999, 8), } "),
    ],
    ids=range(14),
)
def test_what_is_no_such_matrix_is_refused(body):
    for pieces in (1, 5):
        with pytest.raises(UnreadableBodyError):
            read(body, pieces)


@given(st.binary(max_size=300), st.integers(0, 127))
def test_damage_anywhere_is_refused_or_read_as_a_matrix(noise, where):
    body = bytearray(saved(rows()))
    body[where : where + len(noise)] = noise
    try:
        array = read(bytes(body))
    except UnreadableBodyError:
        return
    assert array.ndim == 2
    assert array.dtype in {np.dtype(np.float32), np.dtype(np.uint8)}


def test_a_gallery_as_an_array_is_answered_as_one_in_json_is(client):
    array = rows(n=6)
    in_json = client.post(
        "/compare", json={"probe": array[0].tolist(), "gallery": array[1:].tolist(), "fmr": 0.1}
    ).json()
    response = client.post("/compare?fmr=0.1", content=saved(array), headers=NPY)
    assert response.json() == in_json
    binary = client.post("/compare?fmr=0.1", content=saved(array), headers=NPY | AS_NPY)
    energies = np.load(io.BytesIO(binary.content))
    assert energies.dtype == np.float32
    np.testing.assert_allclose(energies, in_json["energies"], rtol=1e-6)
    assert float(binary.headers["x-threshold"]) == in_json["threshold"]
    assert binary.headers["x-model-sha256"] == in_json["model"]["sha256"]


def test_codes_come_as_bytes(client):
    array = np.array([[0] * fakes.DIM, [255] * fakes.DIM, [1] * fakes.DIM], dtype=np.uint8)
    answer = client.post("/compare?model=tiny-codes", content=saved(array), headers=NPY).json()
    assert answer["energies"] == [64.0, 8.0]


def test_an_array_of_another_model_or_with_a_nan_is_refused_and_the_row_named(client):
    for url, array in [("/compare", rows(dim=9)), ("/compare?model=tiny-codes", rows())]:
        response = client.post(url, content=saved(array), headers=NPY)
        assert (response.status_code, problem_of(response)) == (422, "bad-embedding")
    broken = rows(n=5)
    broken[3, 2] = np.nan
    response = client.post("/compare", content=saved(broken), headers=NPY)
    assert (response.status_code, problem_of(response)) == (422, "bad-embedding")
    assert response.json()["row"] == 2  # of the gallery


def test_choices_of_an_array_stand_in_the_url_and_nothing_else_may(client):
    response = client.post("/compare?fmrr=0.1", content=saved(rows()), headers=NPY)
    assert (response.status_code, problem_of(response)) == (422, "bad-parameter")
    twice = client.post("/compare?fmr=0.1&fmr=0.01", content=saved(rows()), headers=NPY)
    assert (twice.status_code, problem_of(twice)) == (422, "bad-parameter")
