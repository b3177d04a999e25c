import errno
import os
import socket
import threading
from pathlib import Path

import pytest

from model.errors import FileError
from model.files import read_file
from tests.servers import wait_until


def test_a_file_is_read_up_to_the_bound(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_file(path, 5) == b"12345"
    assert read_file(path, 9) == b"12345"
    with pytest.raises(FileError, match="more than 4 bytes; at most"):
        read_file(path, 4)


def test_a_link_to_a_file_is_followed(tmp_path):
    (tmp_path / "file").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_file(tmp_path / "link", 1) == b"1"


def test_a_file_that_states_no_size_is_read_and_bounded():
    """As every file of /proc does."""
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0
    assert read_file(path, 100_000).startswith(b"Name:")
    with pytest.raises(FileError, match="more than 10 bytes"):
        read_file(path, 10)


def fifo(path):
    os.mkfifo(path)


def listening(path):
    with socket.socket(socket.AF_UNIX) as each:
        each.bind(str(path))


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (fifo, "a FIFO"),
        (Path.mkdir, "a folder"),
        (lambda path: path.symlink_to("/dev/zero"), "a device"),
        (lambda path: path.symlink_to("/dev/full"), "a device"),
        (listening, "a socket"),
    ],
    ids=["fifo", "folder", "zero", "full", "socket"],
)
@pytest.mark.timeout(20)
def test_only_a_regular_file_is_read(tmp_path, make, kind):
    path = tmp_path / "it"
    make(path)
    with pytest.raises(FileError, match=f"is {kind}") as caught:
        read_file(path, 1000)
    assert not caught.value.is_transient


@pytest.mark.timeout(20)
def test_a_fifo_that_takes_the_place_of_a_file_after_the_first_look_is_not_read(
    tmp_path, monkeypatch
):
    path, stat = tmp_path / "file", Path.stat
    path.write_bytes(b"1")

    def replaced(self, **options):
        found = stat(self, **options)
        self.unlink()
        os.mkfifo(self)
        return found

    monkeypatch.setattr(Path, "stat", replaced)
    with pytest.raises(FileError, match="is a FIFO"):
        read_file(path, 1000)


def test_a_file_that_grows_while_it_is_read_is_bounded(tmp_path):
    path, enough = tmp_path / "file", threading.Event()
    path.write_bytes(b"1")

    def grow():
        with path.open("ab", buffering=0) as file:
            while not enough.is_set():
                file.write(b"1" * 1000)
                if file.tell() > 50_000_000:
                    return

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        wait_until(lambda: path.stat().st_size > 20_000)
        with pytest.raises(FileError, match="more than 10,000 bytes"):
            read_file(path, 10_000)
    finally:
        enough.set()
        writer.join()


def test_a_missing_file_is_lasting_and_an_error_of_the_disk_is_transient(tmp_path, monkeypatch):
    with pytest.raises(FileError, match="No such file") as caught:
        read_file(tmp_path / "nowhere", 1)
    assert not caught.value.is_transient
    (tmp_path / "file").write_bytes(b"1")

    def broken(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "open", broken)
    with pytest.raises(FileError, match="Input/output error") as caught:
        read_file(tmp_path / "file", 1)
    assert caught.value.is_transient
