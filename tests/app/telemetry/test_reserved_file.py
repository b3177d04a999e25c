import contextlib
import resource
import signal
import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.errors import SettingsError
from app.telemetry import folder as folders
from app.telemetry.folder import metrics_folder
from app.telemetry.values import Family, Kind, WorkerFiles
from tests.servers import ROOT, tiny_memory

COUNTED = Family(Kind.COUNTER, "counted", "Things.", ("what",))


@contextlib.contextmanager
def files_of_at_most(size):
    """A real limit of the system, without the right to mount: no file may grow beyond it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def files(tmp_path):
    with contextlib.closing(WorkerFiles(tmp_path, 1)) as files:
        yield files


def exposed(folder):
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return generate_latest(registry).decode()


def add_values(files, count):
    values = [files.value(COUNTED, f"{number:04}" + "x" * 200) for number in range(count)]
    for value in values:
        value.add()
    return values


@pytest.mark.parametrize("values", [1, 500])
def test_every_page_of_a_file_is_there_before_it_is_written(tmp_path, files, values):
    add_values(files, values)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_blocks * 512 >= file.stat().st_size >= 65_536 * (1 if values == 1 else 2)


def test_without_room_numbers_are_in_no_file_and_the_log_says_so_once(tmp_path, files, caplog):
    with files_of_at_most(1000):
        first, second = add_values(files, 2)
    first.add()
    assert (first.current, second.current) == (2, 1)
    assert list(tmp_path.iterdir()) == [], "an empty file could not be read"
    assert exposed(tmp_path) == ""
    (line,) = caplog.messages
    assert f"the metrics folder {tmp_path} has no room" in line


def test_what_has_a_place_is_counted_though_there_is_no_room_to_grow(tmp_path, files, caplog):
    with files_of_at_most(65_536):
        values = add_values(files, 500)
    values[0].add()
    lines = [line for line in exposed(tmp_path).splitlines() if line.startswith("counted_total")]
    assert 100 < len(lines) < 500
    assert lines[0].endswith("} 2.0")
    assert len(caplog.messages) == 1
    values[-1].add()
    assert values[-1].current == 2


@pytest.mark.parametrize("size", ["64k", "192k"])
def test_a_full_folder_in_memory_does_not_kill_the_process(size):
    """SIGBUS would, when a page of a mapped file finds no memory."""
    code = (
        "import sys; from pathlib import Path; from app.telemetry.values import *; "
        "f = WorkerFiles(Path(sys.argv[1]), 1); "
        "family = Family(Kind.COUNTER, 'counted', 'Things.', ('what',)); "
        "other = Family(Kind.SUM, 'depth', 'Now.', ('what',)); "
        "[f.value(each, str(n) + 'x' * 200).add() for n in range(2000) for each in (family, other)]"
    )
    with tiny_memory(size) as folder:
        command = [sys.executable, "-c", code, str(folder)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (our own program)
        assert ended.returncode == 0, signal.Signals(-ended.returncode).name
        assert ended.stderr.count("has no room") == 1
        exposed(folder)


def test_a_full_folder_in_memory_is_left_for_the_folder_of_temporary_files(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with tiny_memory("64k") as tiny:
        monkeypatch.setattr(folders, "IN_MEMORY", tiny)
        with metrics_folder(None) as folder:
            assert folder.parent == tmp_path
            assert folder.stat().st_mode & 0o077 == 0
            assert list(folder.iterdir()) == []
        assert list(tiny.iterdir()) == []
    (line,) = caplog.messages
    assert f"the metrics are in {folder} ({tiny}: No space left on device)" in line


def test_more_workers_need_more_room(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with tiny_memory("2m") as folder:
        monkeypatch.setattr(folders, "IN_MEMORY", folder)
        with metrics_folder(None, workers=2) as made:
            assert made.parent == folder
        with metrics_folder(None, workers=8) as made:
            assert made.parent == tmp_path


def test_no_room_anywhere_is_an_error_that_says_what_to_do(monkeypatch, tmp_path):
    with tiny_memory("64k") as folder:
        monkeypatch.setattr(folders, "IN_MEMORY", tmp_path / "nowhere")
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        with (
            pytest.raises(SettingsError, match=r"make room.*LIKEWISE_METRICS=false"),
            metrics_folder(None),
        ):
            pass
        with pytest.raises(SettingsError, match="No space left"), metrics_folder(folder):
            pass
