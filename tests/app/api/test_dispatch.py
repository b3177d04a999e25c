import asyncio
import time

import httpx2
import pytest

from app.errors import EncodingError
from app.main import create_app
from app.settings import Settings
from tests import fakes

IMAGE = {"Content-Type": "image/png"}


def with_fake(scenario, **choices):
    """Run `scenario(app, encoder, client)` with one job thread and a fake encoder."""

    async def whole():
        settings, encoder = Settings(**choices), fakes.FakeEncoder()
        app = create_app(settings)
        app.state.service = fakes.fake_service(settings, encoder)
        transport = httpx2.ASGITransport(app=app)
        try:
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                return await scenario(app, encoder, client)
        finally:
            encoder.gate.set()
            app.state.service.jobs.close()

    return asyncio.run(whole())


def embed(client, **headers):
    return asyncio.ensure_future(
        client.post("/embed", content=fakes.photo(1), headers=IMAGE | headers)
    )


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)


def test_when_every_thread_and_the_queue_are_full_the_next_is_told_to_come_again():
    async def scenario(app, encoder, client):
        encoder.gate.clear()
        first = embed(client)
        await until(encoder.entered.is_set)
        second = embed(client)
        await until(lambda: app.state.service.jobs.waiting == 1)
        third = await embed(client)
        assert third.status_code == 503
        assert third.json()["type"] == "urn:likewise:problem:overloaded"
        assert third.headers["retry-after"] == "1"
        assert (await client.get("/livez")).status_code == 200
        encoder.gate.set()
        assert [(await first).status_code, (await second).status_code] == [200, 200]

    with_fake(scenario, max_waiting=1)


def test_when_the_deadline_passes_the_answer_is_504_and_what_waited_never_runs():
    async def scenario(app, encoder, client):
        encoder.gate.clear()
        responses = await asyncio.gather(embed(client), embed(client))
        assert [response.status_code for response in responses] == [504, 504]
        encoder.gate.set()
        await until(lambda: app.state.service.jobs.busy == 0)
        assert encoder.calls == 1
        assert (await embed(client)).status_code == 200

    with_fake(scenario, deadline_ms=100)


def test_when_the_client_has_gone_its_work_is_dropped_unrun():
    async def scenario(app, encoder, client):
        encoder.gate.clear()
        first = embed(client)
        await until(encoder.entered.is_set)
        gone, sent = asyncio.Event(), []
        leaving = asyncio.ensure_future(app(*request_that_ends(gone, sent)))
        await until(lambda: app.state.service.jobs.waiting == 1)
        gone.set()
        await leaving
        assert app.state.service.jobs.waiting == 0
        encoder.gate.set()
        assert (await first).status_code == 200
        assert encoder.calls == 1
        assert app.state.service.bodies.held == 0

    with_fake(scenario)


def request_that_ends(gone, sent):
    """An ASGI call whose body is whole, and whose client leaves when `gone` is set."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "POST",
        "path": "/embed",
        "raw_path": b"/embed",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [(b"content-type", b"image/png")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    messages = [{"type": "http.request", "body": fakes.photo(2), "more_body": False}]

    async def receive():
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    return scope, receive, send


def test_a_client_that_leaves_midway_through_its_body_disturbs_nobody():
    async def scenario(app, encoder, client):
        scope, _, send = request_that_ends(asyncio.Event(), [])
        messages = [
            {"type": "http.disconnect"},
            {"type": "http.request", "body": b"x" * 100, "more_body": True},
        ]

        async def receive():
            return messages.pop()

        await app(scope, receive, send)
        assert encoder.calls == 0
        assert app.state.service.bodies.held == 0
        assert (await embed(client)).status_code == 200

    with_fake(scenario)


def test_an_encoder_that_fails_is_a_500_with_its_own_type_and_the_next_is_answered():
    async def scenario(_, encoder, client):
        encoder.error = EncodingError("no finite embedding for image 0 of 1")
        failed = await embed(client)
        assert failed.status_code == 500
        assert failed.json()["type"] == "urn:likewise:problem:encoding-failed"
        encoder.error = RuntimeError("secret")
        unexpected = await embed(client)
        assert unexpected.status_code == 500
        assert "secret" not in unexpected.text
        encoder.error = None
        assert (await embed(client)).status_code == 200

    with_fake(scenario)


@pytest.mark.serial
def test_a_client_may_shorten_its_deadline_and_only_shorten_it():
    async def scenario(app, encoder, client):
        encoder.gate.clear()
        began = time.perf_counter()
        short = await embed(client, **{"X-Deadline-Ms": "50"})
        assert short.status_code == 504
        assert short.json()["type"] == "urn:likewise:problem:deadline"
        assert time.perf_counter() - began < 0.25
        long = await embed(client, **{"X-Deadline-Ms": "1e9"})
        assert long.status_code == 504
        encoder.gate.set()
        await until(lambda: app.state.service.jobs.busy == 0)
        assert (await embed(client, **{"X-Deadline-Ms": "5000"})).status_code == 200

    with_fake(scenario, deadline_ms=300)


@pytest.mark.parametrize("value", ["0", "-5", "soon", "nan", "1,000", ""])
def test_a_deadline_that_is_none_is_refused_before_the_body_is_read(value):
    async def scenario(_, encoder, client):
        refused = await embed(client, **{"X-Deadline-Ms": value})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "X-Deadline-Ms"
        assert encoder.calls == 0

    with_fake(scenario)


def test_when_the_queue_is_full_a_body_is_refused_unread():
    async def scenario(app, encoder, client):
        encoder.gate.clear()
        first = embed(client)
        await until(encoder.entered.is_set)
        sent, asked = [], []
        scope, _, send = request_that_ends(asyncio.Event(), sent)

        async def receive():
            asked.append(1)
            return {"type": "http.request", "body": b"", "more_body": True}

        await app(scope, receive, send)
        assert sent[0]["status"] == 503
        assert asked == []
        encoder.gate.set()
        assert (await first).status_code == 200

    with_fake(scenario, max_waiting=0)


def test_a_thread_that_ends_makes_the_service_unready_until_another_has_passed_the_check():
    async def scenario(app, encoder, client):
        app.state.worker_states.mark_ready()
        encoder.error = SystemExit("the thread is told to end")
        failed = await embed(client)
        assert failed.status_code == 503
        assert failed.json()["type"] == "urn:likewise:problem:runner-failed"
        assert failed.headers["retry-after"] == "1"
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).status_code == 200
        encoder.error = None
        assert (await embed(client)).status_code == 200
        assert (await client.get("/readyz")).status_code == 200

    with_fake(scenario)
