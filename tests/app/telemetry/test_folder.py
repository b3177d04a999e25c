import os
import subprocess
import sys

import pytest

from app.errors import SettingsError
from app.telemetry.folder import metrics_folder, remove_dead_gauges, remove_gauges


def test_a_folder_that_was_made_is_ours_alone_and_is_removed():
    with metrics_folder(None) as folder:
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "counter_1.db").touch()
    assert not folder.exists()


def test_a_folder_that_was_chosen_is_emptied_of_numbers_and_kept(tmp_path):
    chosen = tmp_path / "numbers"
    with metrics_folder(chosen) as folder:
        (folder / "counter_1.db").touch()
        (folder / "notes.txt").touch()
    with metrics_folder(chosen):
        assert [file.name for file in chosen.iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_used_is_said_to_be_so(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(SettingsError, match="LIKEWISE_METRICS_DIR"),
        metrics_folder(tmp_path / "file"),
    ):
        pass


def test_the_gauges_of_a_worker_that_has_ended_go_and_its_counts_stay(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"{kind}_{pid}.db" for pid in (ended.pid, os.getpid()) for kind in KINDS]
    for name in names:
        (tmp_path / name).touch()
    remove_dead_gauges(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        f"counter_{ended.pid}.db",
        *(f"{kind}_{os.getpid()}.db" for kind in KINDS),
    }


KINDS = ("counter", "gauge_livesum", "gauge_livemax")


def test_only_the_gauges_of_that_worker_go(tmp_path):
    for pid in (1, 11):
        (tmp_path / f"gauge_livesum_{pid}.db").touch()
    remove_gauges(tmp_path, 1)
    assert [file.name for file in tmp_path.iterdir()] == ["gauge_livesum_11.db"]
