import asyncio

import httpx2
from starlette.testclient import TestClient

from app.main import create_app
from app.worker.worker_state import WorkerStates


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


def test_it_is_not_ready_while_another_worker_is_not(settings):
    worker_states = WorkerStates.shared(2)
    with TestClient(create_app(settings, worker_states.for_worker(1))) as client:
        refused = client.get("/readyz")
        assert refused.status_code == 503
        assert refused.json()["detail"] == "1 of 2 workers are ready"
        worker_states.for_worker(0).mark_ready()
        assert client.get("/readyz").status_code == 200


def test_told_to_leave_it_is_not_ready_and_still_answers(settings):
    worker_states = WorkerStates.alone()
    with TestClient(create_app(settings, worker_states)) as client:
        worker_states.stop()
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200
        assert client.get("/models").status_code == 200
