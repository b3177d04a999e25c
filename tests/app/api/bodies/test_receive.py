import asyncio
import json
import time

import httpx2
import numpy as np
import pytest

from app.main import create_app
from app.settings import Settings
from tests import fakes
from tests.app.api.bodies.test_npy import saved

IMAGE = {"Content-Type": "image/png"}
JSON = {"Content-Type": "application/json"}


def post(scenario, **choices):
    """Run `scenario(client, app)` against a service whose encoder is a fake."""

    async def whole():
        settings = Settings(**choices)
        app = create_app(settings)
        app.state.service = fakes.fake_service(settings, fakes.FakeEncoder())
        transport = httpx2.ASGITransport(app=app)
        try:
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                return await scenario(client, app)
        finally:
            app.state.service.jobs.close()

    return asyncio.run(whole())


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


async def chunks(data, size=1000, pause_s=0.0):
    for begin in range(0, len(data), size):
        await asyncio.sleep(pause_s)
        yield data[begin : begin + size]


def test_a_body_without_a_length_is_read_as_it_comes():
    async def scenario(client, _):
        return await client.post("/embed", content=chunks(fakes.photo(1)), headers=IMAGE)

    assert post(scenario).status_code == 200


def test_a_body_that_declares_too_many_bytes_is_refused_before_any_is_read():
    async def unread():
        raise AssertionError("the body was read")
        yield b""

    async def scenario(client, _):
        headers = IMAGE | {"Content-Length": "2001"}
        return await client.post("/embed", content=unread(), headers=headers)

    response = post(scenario, max_body_bytes=2000)
    assert (response.status_code, problem_of(response)) == (413, "body-too-large")


def test_an_image_that_declares_too_many_bytes_is_refused_before_any_is_read():
    async def unread():
        raise AssertionError("the body was read")
        yield b""

    async def scenario(client, _):
        headers = IMAGE | {"Content-Length": "2001"}
        return await client.post("/embed", content=unread(), headers=headers)

    response = post(scenario, max_image_bytes=2000)
    assert (response.status_code, problem_of(response)) == (413, "image-too-large")


def test_an_image_without_a_length_is_refused_when_it_grows_too_large():
    async def endless():
        while True:
            yield b"x" * 500

    async def scenario(client, _):
        return await client.post("/embed", content=endless(), headers=IMAGE)

    response = post(scenario, max_image_bytes=2000)
    assert (response.status_code, problem_of(response)) == (413, "image-too-large")


def test_a_body_without_a_length_is_refused_when_it_grows_too_large():
    async def endless():
        while True:
            yield b"x" * 500

    async def scenario(client, _):
        return await client.post("/embed", content=endless(), headers=IMAGE)

    response = post(scenario, max_body_bytes=2000)
    assert (response.status_code, problem_of(response)) == (413, "body-too-large")


def test_a_slow_body_is_given_up():
    async def scenario(client, _):
        slow = chunks(b"x" * 1000, size=1, pause_s=0.02)
        return await client.post("/embed", content=slow, headers=IMAGE)

    began = time.perf_counter()
    response = post(scenario, body_timeout_s=0.1)
    assert (response.status_code, problem_of(response)) == (408, "body-timeout")
    assert time.perf_counter() - began < 2


def test_all_bodies_together_hold_no_more_than_the_budget():
    async def scenario(client, app):
        bodies = app.state.service.bodies
        with bodies.reserve() as another:
            another.take(1000)
            response = await client.post("/embed", content=b"x" * 1500, headers=IMAGE)
        assert bodies.held == 0
        good = await client.post("/embed", content=fakes.photo(1)[:1000], headers=IMAGE)
        assert good.status_code == 422
        return response

    response = post(scenario, max_held_bytes=2000)
    assert (response.status_code, problem_of(response)) == (503, "overloaded")
    assert response.headers["retry-after"] == "1"


def test_a_body_that_can_never_be_held_is_too_large():
    async def scenario(client, app):
        response = await client.post("/embed", content=b"x" * 3000, headers=IMAGE)
        assert app.state.service.bodies.held == 0
        return response

    response = post(scenario, max_held_bytes=2000)
    assert (response.status_code, problem_of(response)) == (413, "body-too-large")


def test_a_json_gallery_holds_what_its_numbers_take_and_not_its_text():
    body = json.dumps({"probe": [0] * fakes.DIM, "gallery": [[0] * fakes.DIM] * 100}).encode()
    gallery_bytes = 100 * fakes.DIM * 8

    async def scenario(client, _):
        return await client.post("/compare", content=body, headers=JSON)

    assert post(scenario, max_held_bytes=len(body) + 8 * gallery_bytes).status_code == 200
    response = post(scenario, max_held_bytes=len(body) + gallery_bytes)
    assert (response.status_code, problem_of(response)) == (413, "body-too-large")


def test_a_streamed_gallery_holds_its_comparison():
    array = np.zeros((3, fakes.DIM), dtype=np.float32)
    head = saved(np.zeros((50_000, fakes.DIM), dtype=np.float32))[: 128 + array.nbytes]

    async def scenario(client, app):
        found = []

        async def slowly():
            yield head
            await asyncio.sleep(0.05)
            found.append(app.state.service.bodies.held)

        headers = {"Content-Type": "application/x-npy"}
        response = await client.post("/compare", content=slowly(), headers=headers)
        assert app.state.service.bodies.held == 0
        return response, found

    response, found = post(scenario)
    assert response.status_code == 400
    assert found[0] >= 4 * (1024 * fakes.DIM + 49_999)


def test_a_compressed_body_is_refused():
    async def scenario(client, _):
        headers = IMAGE | {"Content-Encoding": "gzip"}
        return await client.post("/embed", content=b"x", headers=headers)

    response = post(scenario)
    assert (response.status_code, problem_of(response)) == (415, "unsupported-body")


@pytest.mark.parametrize("declared", ["x", "-1", "1e3", "²"])
def test_a_length_that_is_no_number_is_refused(declared):
    async def scenario(client, _):
        headers = [("Content-Type", "image/png"), ("Content-Length", declared.encode("latin-1"))]
        return await client.post("/embed", content=chunks(b"x"), headers=headers)

    assert post(scenario).status_code == 400


def test_a_gallery_may_be_larger_than_all_that_is_held_for_it_is_compared_as_it_comes():
    array = np.random.default_rng(0).uniform(0, 1, (20_000, fakes.DIM)).astype(np.float32)
    body = saved(array)

    async def scenario(client, app):
        headers = {"Content-Type": "application/x-npy"}
        response = await client.post("/compare", content=chunks(body), headers=headers)
        return response, app.state.service.bodies.held

    response, held = post(scenario, max_held_bytes=200_000, max_body_bytes=5000 + len(body))
    assert response.status_code == 200, response.text
    assert len(body) > 3 * 200_000
    assert len(response.json()["energies"]) == 19_999
    assert held == 0
