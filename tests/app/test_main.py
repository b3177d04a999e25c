import asyncio
import logging
import shutil
import threading

import pytest
from starlette.testclient import TestClient

from app.main import create_app, ready_message
from app.settings import Settings
from model.errors import LikewiseError
from tests import fakes


def lifespan_messages(app):
    """What the application tells a server that starts and at once stops it."""
    sent = []

    async def whole():
        asked = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]

        async def receive():
            return asked.pop()

        async def send(message):
            sent.append(message)

        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    asyncio.run(whole())
    return sent


def test_a_start_says_where_to_look_and_what_is_served_but_not_before_it_listens(settings, caplog):
    with caplog.at_level(logging.INFO, logger="app"):
        messages = lifespan_messages(create_app(settings))
    assert [m["type"] for m in messages] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert "ready" not in caplog.text
    with TestClient(create_app(settings)) as client:
        said = ready_message(client.app)
    assert "http://127.0.0.1:8000/docs" in said
    assert "default model tiny" in said
    assert "tiny 1.2.3 on CPU" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 (shown, not bound)
def test_a_service_on_every_address_is_found_on_this_machine(models_dir, host):
    settings = Settings(models_dir=models_dir, default_model="tiny", host=host)
    with TestClient(create_app(settings)) as client:
        assert "http://localhost:8000/docs" in ready_message(client.app)


@pytest.mark.timeout(60)
def test_a_start_that_does_not_end_is_an_error_with_the_setting(settings, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr("app.main.load_models", lambda _: gate.wait())
    (message,) = lifespan_messages(create_app(settings.model_copy(update={"start_timeout_s": 0.2})))
    gate.set()
    assert message["type"] == "lifespan.startup.failed"
    assert "not done within LIKEWISE_START_TIMEOUT_S=0.2" in message["message"]


def broken_hash(folder):
    (folder / "tiny/encoder.onnx").write_bytes(b"altered")


def broken_golden(folder):
    fakes.make_bundle(folder, "tiny", golden=(0.5,) * fakes.DIM)


def missing(folder):
    shutil.rmtree(folder / "tiny")


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (broken_hash, "hash differs"),
        (broken_golden, "golden"),
        (missing, "no default model 'tiny'"),
    ],
)
def test_a_default_model_that_cannot_be_served_fails_the_start_in_one_line(
    models_dir, tmp_path, break_it, sentence
):
    folder = shutil.copytree(models_dir, tmp_path / "bundles")
    break_it(folder)
    app = create_app(Settings(models_dir=folder, default_model="tiny"))
    (message,) = lifespan_messages(app)
    assert message["type"] == "lifespan.startup.failed"
    assert sentence in message["message"]
    assert "\n" not in message["message"]
    assert "Traceback" not in message["message"]


def test_cuda_that_is_asked_for_and_not_there_fails_the_start(models_dir):
    settings = Settings(models_dir=models_dir, default_model="tiny", provider="cuda")
    app = create_app(settings)

    async def start():
        async with app.router.lifespan_context(app):
            pass

    with pytest.raises(LikewiseError, match="LIKEWISE_PROVIDER=cuda"):
        asyncio.run(start())
