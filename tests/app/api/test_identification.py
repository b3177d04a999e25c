import io

import numpy as np
import pytest

from tests import fakes

NPY = {"Content-Type": "application/x-npy"}


def rows(count):
    """A probe, and a gallery of so many rows at rising distances up to 1."""
    found = np.zeros((1 + count, fakes.DIM), np.float32)
    found[1:, 0] = np.linspace(0, 1, count)
    return found


def send(client, count, *, as_npy=False, accept="application/json", **choices):
    array = rows(count)
    headers = {"Accept": accept}
    if as_npy:
        file = io.BytesIO()
        np.save(file, array)
        content = file.getvalue()
        return client.post("/compare", content=content, params=choices, headers=NPY | headers)
    body = {"probe": array[0].tolist(), "gallery": array[1:].tolist()} | choices
    return client.post("/compare", json=body, headers=headers)


@pytest.mark.parametrize("as_npy", [False, True])
def test_a_comparison_says_what_its_number_of_rows_costs(client, as_npy):
    answer = send(client, 10, as_npy=as_npy).json()
    found = answer["identification"]
    assert (found["gallery_size"], found["fpir"], found["target_fpir"]) == (10, 0.08, None)
    assert found["fpir_interval"] == pytest.approx([0.04, 0.12])
    assert found["fnmr"] == answer["operating_point"]["fnmr"]
    assert found["fnmr_interval"] == answer["operating_point"]["fnmr_interval"]
    assert answer["identification_reason"] is None


@pytest.mark.parametrize("as_npy", [False, True])
def test_a_target_fpir_chooses_the_threshold_by_the_number_of_rows(client, as_npy):
    for count, threshold in ((1, 0.5), (10, 0.25), (11, 0.125)):
        answer = send(client, count, as_npy=as_npy, fpir=0.1).json()
        assert answer["threshold"] == threshold
        assert answer["identification"]["target_fpir"] == 0.1
        assert answer["same"] == [energy <= threshold for energy in answer["energies"]]
        assert answer["operating_point"]["target_fmr"] is None


@pytest.mark.parametrize("as_npy", [False, True])
def test_an_unsupported_target_lists_the_supported_ones(client, as_npy):
    response = send(client, 11, as_npy=as_npy, fpir=0.05)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, "urn:likewise:problem:unsupported-fpir")
    assert problem["largest_galleries"] == [[0.1, 100], [0.05, 10]]


def test_a_gallery_beyond_the_largest_has_a_reason(client):
    answer = send(client, 101).json()
    assert answer["identification"] is None
    assert "the largest gallery is 100" in answer["identification_reason"]


def test_a_bundle_without_a_measurement_has_a_reason(client):
    codes = {"probe": [0] * fakes.DIM, "gallery": [[0] * fakes.DIM], "model": "tiny-codes"}
    answer = client.post("/compare", json=codes).json()
    assert answer["identification"] is None
    assert "no measurement" in answer["identification_reason"]


@pytest.mark.parametrize("as_npy", [False, True])
def test_an_own_threshold_goes_before_a_target_and_two_targets_are_refused(client, as_npy):
    answer = send(client, 10, as_npy=as_npy, fpir=0.1, threshold=0.5).json()
    found = answer["identification"]
    assert (answer["threshold"], found["fpir"], found["target_fpir"]) == (0.5, 0.5, None)
    response = send(client, 10, as_npy=as_npy, fpir=0.1, fmr=0.01)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "fpir")


@pytest.mark.parametrize("as_npy", [False, True])
def test_an_array_is_answered_with_the_rates_as_headers(client, as_npy):
    answer = send(client, 10, as_npy=as_npy, accept="application/x-npy", fpir=0.1)
    assert float(answer.headers["X-FPIR"]) == pytest.approx(0.11)
    assert answer.headers["X-Target-FPIR"] == "0.1"
    beyond = send(client, 101, as_npy=as_npy, accept="application/x-npy")
    assert not {"x-fpir", "x-target-fpir"} & set(beyond.headers)


def test_several_images_on_a_side_have_a_reason_and_no_target(client):
    zero = [0.0] * fakes.DIM
    body = {"probe": [zero, zero], "gallery": [zero] * 2}
    answer = client.post("/compare", json=body | {"threshold": 0.3}).json()
    assert answer["identification"] is None
    assert answer["identification_reason"]
    response = client.post("/compare", json=body | {"fpir": 0.1})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "fpir")
