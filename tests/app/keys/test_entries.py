import hashlib
import os
from pathlib import Path

import pytest

from app.errors import KeysError
from app.keys.entries import MAX_FILE_BYTES, MAX_KEYS, KeyEntry, make_key, read_keys
from app.keys.scopes import Scope, scope_of

ONE = hashlib.sha256(b"one").hexdigest()
TWO = hashlib.sha256(b"two").hexdigest()


def keys_file(folder, text):
    path = folder / "keys.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_holds_names_and_hashes_comments_and_empty_lines(tmp_path):
    text = f"# ours\n\nshop {ONE}\r\n  lab-2026\t{TWO.upper()}  # until May\n"
    entries = read_keys(keys_file(tmp_path, text))
    assert [entry.name for entry in entries] == ["shop", "lab-2026"]
    assert [entry.digest.hex() for entry in entries] == [ONE, TWO]


def test_the_line_of_an_entry_reads_as_that_entry(tmp_path):
    key, entry = make_key("shop")
    (read,) = read_keys(keys_file(tmp_path, entry.line))
    assert read == entry
    assert read.digest == hashlib.sha256(key.encode()).digest()


def test_two_keys_of_one_name_differ_and_say_what_they_are():
    keys = {make_key("shop")[0] for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 9 + 43 and key.startswith("likewise_") for key in keys)


@pytest.mark.parametrize("name", ["", "x" * 65, "two words", "new\nline", "naïve", "a,b"])
def test_a_name_that_could_forge_a_line_is_refused(name):
    with pytest.raises(KeysError, match="1 to 64 letters"):
        make_key(name)


@pytest.mark.parametrize(
    "line", ["shop", f"shop {ONE[:-1]}", f"{ONE} shop", f"shop {ONE} {TWO}", f"a,b {ONE}", "x y"]
)
def test_a_line_that_is_no_entry_is_told_by_its_number_and_not_repeated(tmp_path, line):
    with pytest.raises(KeysError, match=r"line 2: not a name and 64 hex.*app\.keys") as caught:
        read_keys(keys_file(tmp_path, f"good {TWO}\n{line}\n"))
    assert line not in str(caught.value)


@pytest.mark.parametrize("text", [f"a {ONE}\na {TWO}", f"a {ONE}\nb {ONE.upper()}"])
def test_a_name_or_a_hash_that_is_there_twice_is_refused(tmp_path, text):
    with pytest.raises(KeysError, match="line 2: the same name or hash"):
        read_keys(keys_file(tmp_path, text))


@pytest.mark.parametrize("text", ["", "# nobody yet\n"])
def test_a_file_without_keys_is_refused_as_it_may_be_half_written(tmp_path, text):
    with pytest.raises(KeysError, match="holds 0 keys"):
        read_keys(keys_file(tmp_path, text))


def test_more_keys_than_a_request_may_be_compared_with_are_refused(tmp_path):
    lines = [KeyEntry(f"k{n}", n.to_bytes(32)).line for n in range(MAX_KEYS + 1)]
    assert len(read_keys(keys_file(tmp_path, "\n".join(lines[:-1])))) == MAX_KEYS
    with pytest.raises(KeysError, match=f"it takes 1 to {MAX_KEYS}"):
        read_keys(keys_file(tmp_path, "\n".join(lines)))


def test_a_file_that_is_no_such_file_is_refused(tmp_path):
    with pytest.raises(KeysError, match="cannot be read"):
        read_keys(tmp_path / "nowhere")
    with pytest.raises(KeysError, match="cannot be read"):
        read_keys(tmp_path)
    with pytest.raises(KeysError, match="UTF-8"):
        read_keys(keys_file(tmp_path, b"\xff\xfe"))
    with pytest.raises(KeysError, match="more than 64,000 bytes"):
        read_keys(keys_file(tmp_path, b"#" * (MAX_FILE_BYTES + 1)))


@pytest.mark.timeout(20)
def test_only_a_regular_file_is_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(KeysError, match="is a FIFO"):
        read_keys(tmp_path / "fifo")
    with pytest.raises(KeysError, match="is a device"):
        read_keys(Path("/dev/zero"))


def test_an_entry_is_shown_without_its_hash():
    assert repr(KeyEntry("shop", bytes(32))) == "KeyEntry(name='shop')"


def test_a_line_names_the_scopes_of_its_key_and_one_that_names_none_reads(tmp_path):
    plain, wide = make_key("old")[1], make_key("new", frozenset(Scope))[1]
    (tmp_path / "keys.txt").write_text(f"{plain.line}\n{wide.line}\n")
    assert len(plain.line.split()) == 2
    assert wide.line.endswith(" read,write,erase")
    found = read_keys(tmp_path / "keys.txt")
    assert [entry.scopes for entry in found] == [{Scope.READ}, set(Scope)]
    (tmp_path / "keys.txt").write_text(f"{plain.line} read,admin\n")
    with pytest.raises(KeysError, match="read,write,erase"):
        read_keys(tmp_path / "keys.txt")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/verify", Scope.READ),
        ("GET", "/galleries", Scope.READ),
        ("POST", "/galleries/a/identify", Scope.READ),
        ("PUT", "/galleries/a", Scope.WRITE),
        ("PUT", "/galleries/a/identities/b", Scope.WRITE),
        ("POST", "/galleries/a/swap", Scope.WRITE),
        ("POST", "/galleries/a/verify/swap", Scope.READ),
        ("DELETE", "/galleries/a", Scope.ERASE),
        ("DELETE", "/galleries/a/identities/b", Scope.ERASE),
    ],
)
def test_a_call_needs_a_scope(method, path, scope):
    assert scope_of(method, path) is scope
