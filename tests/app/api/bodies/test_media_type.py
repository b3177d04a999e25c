import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies.media_type import answer_type
from app.errors import NotAcceptableError
from tests import fakes

JSON, NPY = "application/json", "application/x-npy"


def request(*accepted):
    headers = [(b"accept", text.encode("latin-1")) for text in accepted]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ((), JSON),
        (("*/*",), JSON),
        (("*",), JSON),
        (("application/*",), JSON),
        ((JSON,), JSON),
        ((NPY,), NPY),
        (("APPLICATION/X-NPY",), NPY),
        ((f"{JSON}, {NPY}",), NPY),
        ((f"{NPY}, {JSON}",), NPY),
        ((f"{NPY}, */*",), NPY),
        ((f"{NPY};q=0, */*",), JSON),
        ((f"{NPY};q=0.0, {JSON}",), JSON),
        ((f"{NPY}; Q=0 , application/*;q=0.1",), JSON),
        ((f"{NPY};q=0.4, {JSON};q=0.5",), JSON),
        ((f"{NPY};q=0.5, {JSON};q=0.4",), NPY),
        ((f"{JSON};q=0, */*",), NPY),
        ((f"{JSON};q=0", "application/*"), NPY),
        (("text/html", f"{NPY};q=0.1"), NPY),
        ((f"*/*;q=0, {JSON};q=0.001",), JSON),
        ((f"text/html, {JSON};charset=utf-8;q=0.2",), JSON),
        (("text/html, image/gif, *; q=.2, */*; q=.2",), JSON),
    ],
)
def test_the_answer_is_of_the_type_that_is_preferred(accepted, chosen):
    assert answer_type(request(*accepted), JSON, NPY) == chosen


@pytest.mark.parametrize(
    "accepted",
    ["*/*;q=0", f"{NPY};q=0", "text/html", f"{JSON};q=0, {NPY};q=0.000", "", ",", "application"],
)
def test_where_nothing_is_accepted_that_there_is_the_types_are_named(accepted):
    with pytest.raises(NotAcceptableError, match=f"{JSON} or {NPY}"):
        answer_type(request(accepted), JSON, NPY)


def test_a_header_without_end_is_refused_unread():
    with pytest.raises(NotAcceptableError, match="characters"):
        answer_type(request("a/b," * 16_000), JSON, NPY)


weights = st.sampled_from([None, 0, 0.001, 0.25, 0.5, 1])
ranges = st.sampled_from(["*/*", "application/*", JSON, NPY, "text/*", "text/html"])


@given(st.dictionaries(ranges, weights, min_size=1, max_size=5))
def test_the_most_specific_range_decides_and_then_its_weight(accepted):
    text = ", ".join(r if q is None else f"{r};q={q}" for r, q in accepted.items())
    weighed = {r: 1 if q is None else q for r, q in accepted.items()}
    found = {
        kind: next((weighed[r] for r in (kind, "application/*", "*/*") if r in weighed), 0)
        for kind in (JSON, NPY)
    }
    try:
        chosen = answer_type(request(text), JSON, NPY)
    except NotAcceptableError:
        assert not any(found.values())
    else:
        assert found[chosen] == max(found.values()) > 0


@pytest.mark.parametrize("path", ["/verify", "/embed", "/compare", "/preview"])
def test_a_call_whose_answer_is_not_accepted_is_refused_before_its_body_is_read(client, path):
    def unread():
        raise AssertionError("the body was read")
        yield b""

    headers = {"Accept": "text/html, */*;q=0", "Content-Type": "image/png"}
    response = client.post(path, content=unread(), headers=headers)
    assert response.status_code == 406
    assert response.json()["type"] == "urn:likewise:problem:not-acceptable"
    assert response.headers["content-type"] == "application/problem+json"


def test_an_array_that_is_not_accepted_is_not_sent(client):
    files = [("image", ("f", fakes.photo(1)))]
    headers = {"Accept": "application/json, application/x-npy;q=0"}
    response = client.post("/embed", files=files, headers=headers)
    assert response.headers["content-type"] == "application/json"
