import contextlib
import hashlib
import logging
import os
import resource
import threading
import timeit

import pytest

from app.errors import KeysError, NotReadyError
from app.keys import ring
from app.keys.entries import KeyEntry, digest_of
from app.keys.ring import KeyRing


class Clock:
    """Seconds that pass when told."""

    now = 100.0

    def __call__(self):
        return self.now


def write(path, *keys):
    """Put a file with these keys, each named as it is, in the place of the one before."""
    lines = [KeyEntry(key, digest_of(key.encode())).line for key in keys]
    beside = path.with_suffix(".new")
    beside.write_text("\n".join(lines))
    beside.rename(path)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "keys.txt"
    write(path, "old", "older")
    return path


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keys(path, clock):
    keys = KeyRing(path, clock, wait_s=20)
    keys.load()
    return keys


def known(keys):
    found = [keys.entry_of(name.encode()) for name in ("older", "old", "new")]
    return [entry.name for entry in found if entry is not None]


def test_each_of_several_keys_is_known_by_its_name(keys):
    assert keys.entry_of(b"old").name == "old"
    assert keys.entry_of(b"older").name == "older"


@pytest.mark.parametrize("key", [b"", b"ol", b"old ", b"OLD", hashlib.sha256(b"old").digest()])
def test_another_is_not(keys, key):
    assert keys.entry_of(key) is None


def test_the_hash_in_the_file_is_no_key(keys):
    assert keys.entry_of(hashlib.sha256(b"old").hexdigest().encode()) is None


def test_before_the_file_is_read_no_key_is_good(path):
    assert known(KeyRing(path)) == []


def test_a_file_that_cannot_be_used_fails_the_start(tmp_path):
    with pytest.raises(KeysError):
        KeyRing(tmp_path / "nowhere").load()


def test_a_change_is_seen_after_a_second_and_not_looked_for_before(keys, path, clock):
    write(path, "old", "new")
    clock.now += 0.9
    assert known(keys) == ["older", "old"]
    clock.now += 0.2
    assert known(keys) == ["old", "new"]


def test_a_change_is_logged_with_the_names_alone(keys, path, clock, caplog):
    write(path, "old", "new")
    clock.now += 2
    with caplog.at_level(logging.INFO):
        known(keys)
    assert caplog.messages == ["the API keys were read again: old, new"]


def test_the_file_is_looked_at_once_a_second_at_most(keys, clock, monkeypatch):
    looks = []
    monkeypatch.setattr(ring, "read_keys_file", lambda _: looks.append(clock.now) or b"")
    for _ in range(1000):
        keys.entry_of(b"old")
        clock.now += 0.01
    assert 9 <= len(looks) <= 10


@pytest.mark.parametrize("text", ["", "old", "garbage that is no key\n", None])
def test_a_file_that_became_bad_keeps_the_old_keys_and_says_so_once(
    keys, path, clock, caplog, text
):
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    for _ in range(5):
        clock.now += 2
        assert known(keys) == ["older", "old"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "the API keys stay as they were" in record.message
    assert str(path) in record.message


def test_a_file_that_is_good_again_is_read_again(keys, path, clock):
    path.unlink()
    clock.now += 2
    assert known(keys) == ["older", "old"]
    write(path, "new")
    clock.now += 2
    assert known(keys) == ["new"]


def test_a_link_that_is_turned_elsewhere_is_a_change(tmp_path, path, clock):
    """As Kubernetes swaps a mounted secret."""
    link, other = tmp_path / "link", tmp_path / "other"
    write(other, "new")
    link.symlink_to(path)
    keys = KeyRing(link, clock, wait_s=20)
    keys.load()
    (tmp_path / "second").symlink_to(other)
    (tmp_path / "second").rename(link)
    clock.now += 2
    assert known(keys) == ["new"]


def test_a_rewrite_that_keeps_size_and_time_is_a_change(keys, path, clock):
    before = path.stat()
    write(path, "new", "older")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    clock.now += 2
    assert known(keys) == ["older", "new"]


def test_a_rewrite_in_place_that_changes_no_number_of_the_file_is_a_change(
    keys, path, clock, monkeypatch
):
    """As on a file system with coarse times, or where the clock was set back."""
    first = path.stat()
    monkeypatch.setattr(type(path), "stat", lambda *_, **__: first)
    monkeypatch.setattr(os, "fstat", lambda _: first)
    path.write_text(path.read_text().replace("older", "other"))
    clock.now += 2
    assert keys.entry_of(b"older").name == "other"


@contextlib.contextmanager
def no_file_can_be_opened():
    """A transient error of the real system: too many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_key_that_was_revoked_around_a_read_that_failed_is_revoked(keys, path, clock, before):
    if before:
        write(path, "new")
    with no_file_can_be_opened():
        clock.now += 2
        assert known(keys) == ["older", "old"]
    if not before:
        write(path, "new")
    clock.now += 2
    assert known(keys) == ["new"]


@pytest.mark.parametrize("text", ["", "old", None])
def test_after_a_minute_without_a_valid_file_no_key_is_accepted_until_there_is_one(
    keys, path, clock, caplog, text
):
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    for _ in range(59):
        clock.now += 1
        assert known(keys) == ["older", "old"]
    clock.now += 2
    for key in (b"old", b"nobody"):
        with pytest.raises(NotReadyError, match="cannot be checked"):
            keys.entry_of(key)
    assert "no API key is accepted" in caplog.messages[-1]
    assert len(caplog.messages) == 2
    write(path, "new")
    clock.now += 1
    assert known(keys) == ["new"]


def test_a_service_that_was_idle_reads_the_file_before_it_accepts_a_key(keys, path, clock):
    write(path, "new")
    clock.now += 10_000
    assert known(keys) == ["new"]
    path.unlink()
    clock.now += 10_000
    with pytest.raises(NotReadyError):
        keys.entry_of(b"new")


@pytest.mark.timeout(20)
def test_a_read_that_does_not_return_delays_one_request_and_then_closes(path, clock, monkeypatch):
    keys = KeyRing(path, clock, wait_s=0.01)
    keys.load()
    answered, reads = threading.Event(), []

    def hung(given):
        reads.append(given)
        answered.wait(20)
        return given.read_bytes()

    monkeypatch.setattr(ring, "read_keys_file", hung)
    for _ in range(60):
        clock.now += 1
        assert known(keys) == ["older", "old"]
    assert len(reads) == 1
    clock.now += 1
    with pytest.raises(NotReadyError):
        keys.entry_of(b"old")
    answered.set()
    keys._reader.join()
    clock.now += 1
    keys._wait_s = 20
    assert known(keys) == ["older", "old"]


def test_without_a_thread_the_keys_stay_and_the_next_look_reads(keys, path, clock, monkeypatch):
    def refused(_):
        raise RuntimeError("can't start new thread")

    write(path, "new")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        clock.now += 2
        assert known(keys) == ["older", "old"]
    clock.now += 2
    assert known(keys) == ["new"]


@pytest.mark.timeout(20)
def test_a_fifo_in_place_of_the_file_is_not_waited_for(keys, path, clock, caplog):
    path.unlink()
    os.mkfifo(path)
    clock.now += 2
    assert known(keys) == ["older", "old"]
    assert "is a FIFO" in caplog.text


def test_every_key_is_compared_whichever_fits(tmp_path, monkeypatch):
    compared = []

    def counting(one, other):
        compared.append(one)
        return one == other

    names = [f"key{n}" for n in range(20)]
    path = tmp_path / "many.txt"
    write(path, *names)
    keys = KeyRing(path)
    keys.load()
    monkeypatch.setattr(ring, "compare_digest", counting)
    for key in (names[0], names[-1], "nobody"):
        compared.clear()
        keys.entry_of(key.encode())
        assert len(compared) == 20


def test_a_key_costs_microseconds(keys):
    """Some 0.7 µs where it was written; 100 would be another way of doing it."""
    times = timeit.repeat(lambda: keys.entry_of(b"old"), number=200, repeat=5)
    assert min(times) / 200 < 100e-6
