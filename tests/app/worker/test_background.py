import asyncio
import shutil
import time

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.worker.background import ModelWatcher
from app.worker.worker_state import WorkerStates
from tests import fakes
from tests.servers import wait_until

PNG = {"Content-Type": "image/png"}


@pytest.fixture
def folder(models_dir, tmp_path):
    return shutil.copytree(models_dir, tmp_path / "bundles")


def settings_of(folder, watch_models=0.0):
    return Settings(models_dir=folder, default_model="tiny", watch_models=watch_models)


def names(client):
    return {model["name"] for model in client.get("/models").json()["models"]}


def test_a_reload_that_is_asked_for_takes_in_new_models(folder):
    worker_states = WorkerStates.alone()
    with TestClient(create_app(settings_of(folder), worker_states)) as client:
        fakes.make_bundle(folder, "another")
        time.sleep(0.25)
        assert "another" not in names(client), "nobody has asked yet"
        worker_states.request_reload()
        wait_until(lambda: "another" in names(client))
        answer = client.post("/embed?model=another", content=fakes.photo(1), headers=PNG)
        assert answer.json()["model"]["name"] == "another"


def test_a_bad_bundle_is_listed_beside_the_model_that_stays(folder):
    worker_states = WorkerStates.alone()
    with TestClient(create_app(settings_of(folder), worker_states)) as client:
        (folder / "tiny/encoder.onnx").write_bytes(b"altered")
        worker_states.request_reload()
        wait_until(lambda: client.get("/models").json()["refused"])
        (refused,) = client.get("/models").json()["refused"]
        assert refused == {"name": "tiny", "reason": "The model's bundle cannot be used"}
        assert client.post("/embed", content=fakes.photo(1), headers=PNG).status_code == 200


def test_a_models_folder_that_vanishes_leaves_the_models_and_may_come_back(folder, caplog):
    worker_states = WorkerStates.alone()
    with TestClient(create_app(settings_of(folder), worker_states)) as client:
        folder.rename(folder.with_name("elsewhere"))
        worker_states.request_reload()
        wait_until(lambda: "the models stay as they are" in caplog.text)
        assert names(client) == {"tiny", "tiny-codes"}
        folder.with_name("elsewhere").rename(folder)
        fakes.make_bundle(folder, "another")
        worker_states.request_reload()
        wait_until(lambda: "another" in names(client))


def test_a_watched_folder_needs_no_asking(folder):
    with TestClient(create_app(settings_of(folder, watch_models=0.05))) as client:
        fakes.make_bundle(folder, "another")
        wait_until(lambda: "another" in names(client))


def test_a_bundle_that_is_still_being_copied_is_left_alone(folder):
    changes = ModelWatcher(settings_of(folder, watch_models=0.05), WorkerStates.alone())

    async def copying():
        waiting = asyncio.create_task(changes.wait())
        for size in range(8):
            (folder / "tiny/encoder.onnx").write_bytes(b"0" * size)
            await asyncio.sleep(0.06)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 10)

    asyncio.run(copying())


def test_a_request_under_way_ends_with_the_model_that_it_began_with(folder):
    async def whole():
        service = fakes.fake_service(settings_of(folder), fakes.FakeEncoder())
        held = service.catalog.get()
        new = await asyncio.to_thread(service.reloaded)
        service.jobs.close()
        return service.catalog.get() is held, new.catalog.served, new.jobs is service.jobs

    kept, served, same_pool = asyncio.run(whole())
    assert kept
    assert set(served) == {"fake", "tiny", "tiny-codes"}, "the default one, and what is there"
    assert same_pool
