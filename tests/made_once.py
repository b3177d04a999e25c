"""Folders that are costly to make: one process of `pytest -n` makes each, and all read it."""

import fcntl
import hashlib
import shutil

import pytest


@pytest.fixture(scope="session")
def shared_folder(request, tmp_path_factory):
    """Gives the folder of a name, which all processes of the session share."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if hasattr(request.config, "workerinput") else own

    def folder_of(name):
        folder = shared / name
        folder.mkdir(exist_ok=True)
        return folder

    return folder_of


@pytest.fixture(scope="session")
def made_once(shared_folder):
    """Gives the folder of a name, which the first process that asks for it fills.

    Where a test has changed it, the end of the session says so.
    """
    shared, asked = shared_folder("made-once"), {}

    def folder_of(name, make):
        folder, digest = shared / name, shared / f"{name}.sha256"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not digest.exists():
                shutil.rmtree(folder, ignore_errors=True)  # Of a process that failed to fill it.
                folder.mkdir()
                make(folder)
                digest.write_text(digest_of(folder))
        asked[folder] = digest.read_text()
        return folder

    yield folder_of
    changed = [folder.name for folder, digest in asked.items() if digest_of(folder) != digest]
    assert changed == [], "what tests share was changed by one of them"


def digest_of(folder):
    """The SHA-256 of the names and the content of all files in a folder."""
    told = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        told.update(f"{path.relative_to(folder)} {content}\n".encode())
    return told.hexdigest()
