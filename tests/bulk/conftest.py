"""Images for the bulk tests in every kind of source, and runs of the commands."""

import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest

from tests import fakes

ROOT = Path(__file__).parents[2]
HAS_EXTRA = all(find_spec(name) for name in ("daft", "faiss", "pyarrow"))


def pytest_ignore_collect(collection_path):
    """Tests of the extra are not imported where it is absent; `test_extra.py` says so."""
    return None if HAS_EXTRA or collection_path.name in {"test_extra.py", "bulk"} else True


def bulk_command(*arguments):
    return [sys.executable, "-m", "bulk", *map(str, arguments)]


@pytest.fixture(scope="session")
def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="session")
def bulk(environment):
    """Run a command as a user does."""

    def run(*arguments, folder=ROOT):
        return subprocess.run(  # noqa: S603 (our own program)
            bulk_command(*arguments),
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    return run


@pytest.fixture(scope="session")
def photos():
    """Files of images by name, three of which cannot be used."""
    good = {f"p{n % 3}/{n:02}.png": fakes.photo(n % 3, n) for n in range(12)}
    half = fakes.photo(1, file_format="JPEG")
    return good | {
        "p0/ä cut %.jpg": half[: len(half) // 2],
        "p1/no.jpg": b"text",
        "p2/empty.png": b"",
    }


@pytest.fixture(scope="session")
def folder(photos, tmp_path_factory):
    """The photos as files, with a file that is no image."""
    to = tmp_path_factory.mktemp("photos")
    for name, data in photos.items():
        (to / name).parent.mkdir(exist_ok=True)
        (to / name).write_bytes(data)
    (to / "notes.txt").write_text("no image")
    return to


@pytest.fixture(scope="session")
def archives(photos, tmp_path_factory):
    """The photos in a zip, in a tar, and as bytes in a parquet file."""
    import pyarrow as pa  # noqa: PLC0415 (the extra may not be there)
    from pyarrow import parquet  # noqa: PLC0415

    to = tmp_path_factory.mktemp("archives")
    write_zip(to / "photos.zip", photos)
    with tarfile.open(to / "photos.tar", "w") as archive:
        for name, data in [("0.txt", b"a label"), *photos.items()]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
    rows = {"image": [{"bytes": data, "path": name} for name, data in photos.items()]}
    parquet.write_table(pa.table(rows), to / "photos.parquet", row_group_size=4)
    return to


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
