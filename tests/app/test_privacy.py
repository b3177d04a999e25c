import os
import sys
import threading

import pytest
from PIL import Image

from tests import fakes

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND
_watched = {"on": False}
_written = []


def _watch(event, arguments):
    if _watched["on"] and event == "open" and arguments[2] & WRITING:
        _written.append(str(arguments[0]))


@pytest.fixture(scope="module", autouse=True)
def _hook(tmp_path_factory):
    tmp_path_factory.getbasetemp()  # Its lock is written now, while nothing is watched.
    sys.addaudithook(_watch)  # it cannot be taken away again, only switched off


@pytest.fixture
def written(monkeypatch):
    """The files that any thread of this process opens for writing."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # A request may import a module.
    _written.clear()
    _watched["on"] = True
    yield _written
    _watched["on"] = False


def test_the_watch_sees_what_is_written(written, tmp_path):
    (tmp_path / "seen").write_text("x")
    thread = threading.Thread(target=(tmp_path / "too").write_text, args=("x",))
    thread.start()
    thread.join()
    assert written == [str(tmp_path / "seen"), str(tmp_path / "too")]


def test_no_request_puts_anything_on_disk(client, written):
    flat = Image.new("L", (1500, 1100), 40)
    large = fakes.encoded(flat, "BMP")  # more than others keep in memory
    assert len(large) > 1_500_000
    good = client.post("/verify", files={"image1": ("a.bmp", large), "image2": ("b.bmp", large)})
    assert good.status_code == 200
    several = client.post("/embed", files=[("image", ("c.bmp", large))] * 3)
    assert several.status_code == 200
    for data, status in ((large[:-100], 422), (b"nothing", 415)):
        answer = client.post("/embed", content=data, headers={"Content-Type": "image/bmp"})
        assert answer.status_code == status
    assert client.post("/verify", files={"image1": ("d.bmp", large)}).status_code == 422
    assert written == []
