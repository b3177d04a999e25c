import asyncio
import contextlib
import resource
import shutil
import threading
import time

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.worker.background import ModelWatcher
from app.worker.worker_state import WorkerStates
from model import bundle
from model.errors import FileError
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


@contextlib.contextmanager
def no_file_can_be_opened():
    """A transient error of the real system: too many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("watch_models", [0.0, 0.05], ids=["requested", "watched"])
def test_what_could_not_be_read_is_tried_again_without_asking(
    folder, caplog, monkeypatch, watch_models
):
    monkeypatch.setattr("app.worker.background.FIRST_PAUSE_S", 0.1, raising=False)
    worker_states = WorkerStates.alone()
    with TestClient(create_app(settings_of(folder, watch_models), worker_states)) as client:
        names(client)
        fakes.make_bundle(folder, "another")
        with no_file_can_be_opened():
            worker_states.request_reload()
            wait_until(lambda: "the models stay as they are" in caplog.text)
        wait_until(lambda: "another" in names(client), within_s=10)


def test_a_bundle_that_could_not_be_read_once_is_served_later(folder, monkeypatch):
    monkeypatch.setattr("app.worker.background.FIRST_PAUSE_S", 0.1)
    reads, read = [], bundle.read_file

    def broken_once(path, limit):
        if path.parent.name == "tiny-codes":
            reads.append(path.name)
            if len(reads) == 1:
                raise FileError(f"{path} cannot be read: Input/output error", is_transient=True)
        return read(path, limit)

    monkeypatch.setattr(bundle, "read_file", broken_once)
    with TestClient(create_app(settings_of(folder))) as client:
        wait_until(lambda: names(client) == {"tiny", "tiny-codes"}, within_s=10)
    assert reads == ["manifest.json", "manifest.json", "encoder.onnx"]


def test_a_bundle_that_can_never_be_used_is_not_tried_again(folder, monkeypatch, caplog):
    monkeypatch.setattr("app.worker.background.FIRST_PAUSE_S", 0.05)
    (folder / "tiny-codes/encoder.onnx").write_bytes(b"altered")
    with TestClient(create_app(settings_of(folder))) as client:
        time.sleep(0.5)
        assert names(client) == {"tiny"}
    assert caplog.text.count("tiny-codes is left out") == 1
    assert "reloaded" not in caplog.text


def test_a_watcher_whose_look_failed_looks_again(folder, monkeypatch, caplog):
    worker_states = WorkerStates.alone()
    with TestClient(create_app(settings_of(folder, watch_models=0.05), worker_states)) as client:
        with monkeypatch.context() as patch:

            def broken(_):
                raise OSError(5, "Input/output error")

            patch.setattr("app.worker.background.fingerprint", broken)
            wait_until(lambda: "Input/output error" in caplog.text)
        fakes.make_bundle(folder, "another")
        wait_until(lambda: "another" in names(client), within_s=10)


@pytest.mark.timeout(60)
def test_a_reload_that_does_not_return_holds_up_nothing(folder, monkeypatch, caplog):
    gate = threading.Event()
    worker_states = WorkerStates.alone()
    settings = settings_of(folder).model_copy(update={"start_timeout_s": 2})
    with TestClient(create_app(settings, worker_states)) as client:
        monkeypatch.setattr("app.worker.service.reload_catalog", lambda *_: gate.wait())
        worker_states.request_reload()
        wait_until(lambda: "the reload: not done within" in caplog.text)
        assert client.post("/embed", content=fakes.photo(1), headers=PNG).status_code == 200
    gate.set()


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
