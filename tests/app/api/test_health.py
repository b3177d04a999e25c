import asyncio

import httpx2

from app.main import create_app


def statuses(app, *paths):
    async def call():
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(call())


def test_a_started_service_is_alive_and_ready(client):
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_before_its_models_are_loaded_it_is_alive_and_not_ready(settings):
    live, ready = statuses(create_app(settings), "/livez", "/readyz")
    assert live.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["type"] == "urn:likewise:problem:not-ready"
    assert ready.headers["retry-after"] == "1"


def test_after_it_has_stopped_it_is_not_ready(settings):
    app = create_app(settings)

    async def start_and_stop():
        async with app.router.lifespan_context(app):
            assert app.state.service is not None

    asyncio.run(start_and_stop())
    assert statuses(app, "/readyz", "/models")[1].status_code == 503
