import pytest

from app.api.middleware.single_headers import SINGLE
from tests import fakes

IMAGE = [("Content-Type", "image/png")]


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


@pytest.mark.parametrize("name", sorted(SINGLE))
def test_a_header_that_is_there_twice_is_refused_even_with_one_value(client, name):
    text = {b"content-type": "image/png", b"content-length": "1"}.get(name, "a")
    for second in (text, f"{text}2"):
        headers = [(name.decode(), text), (name.decode().title(), second)]
        response = client.get("/livez", headers=headers)
        assert (response.status_code, problem_of(response)) == (400, "bad-request")
        assert name.decode() in response.json()["detail"]
        assert response.json()["request_id"] == response.headers["x-request-id"]


def test_of_two_content_types_none_is_chosen(client):
    body = fakes.photo(1)
    for types in (("image/png", "application/json"), ("application/json", "image/png")):
        headers = [("Content-Type", media_type) for media_type in types]
        response = client.post("/embed", content=body, headers=headers)
        assert (response.status_code, problem_of(response)) == (400, "bad-request")


def test_lists_and_headers_of_others_may_come_in_several_lines(client):
    lists = [("Accept", "text/html"), ("Accept", "*/*"), ("Via", "1.1 a"), ("Via", "1.1 b")]
    forwarded = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "5.6.7.8")]
    headers = IMAGE + lists + forwarded
    assert client.post("/embed", content=fakes.photo(1), headers=headers).status_code == 200
