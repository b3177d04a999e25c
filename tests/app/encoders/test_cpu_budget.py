import os

import pytest

from app.encoders.cpu_budget import threads_per_worker, usable_cores

AFFINITY = len(os.sched_getaffinity(0))


def cgroups(tmp_path, quotas, own="/"):
    """A cgroup v2 tree with `cpu.max` files, and the file that says where in it we are."""
    root = tmp_path / "cgroup"
    for folder, quota in quotas.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "cpu.max").write_text(quota)
    membership = tmp_path / "self"
    membership.write_text(f"0::{own}\n")
    return root, membership


def test_without_a_quota_the_affinity_mask_counts(tmp_path):
    assert usable_cores(*cgroups(tmp_path, {".": "max 100000\n"})) == AFFINITY


def test_a_quota_below_the_mask_counts(tmp_path):
    assert usable_cores(*cgroups(tmp_path, {".": "100000 100000\n"})) == 1


def test_a_quota_above_the_mask_does_not_add_cores(tmp_path):
    assert usable_cores(*cgroups(tmp_path, {".": "6400000 100000\n"})) == AFFINITY


def test_part_of_a_core_counts_as_one(tmp_path):
    assert usable_cores(*cgroups(tmp_path, {".": "50000 100000\n"})) == 1


def test_the_tightest_quota_above_us_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    quotas = {"a": "300000 100000\n", "a/b": "800000 100000\n"}
    assert usable_cores(*cgroups(tmp_path, quotas, own="/a/b")) == 3


def test_a_quota_of_cgroups_v1_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("250000\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path, tmp_path / "none") == 2


def test_no_quota_of_cgroups_v1_is_minus_one(tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path, tmp_path / "none") == AFFINITY


def test_no_cgroups_at_all_is_no_quota(tmp_path):
    assert usable_cores(tmp_path / "none", tmp_path / "none") == AFFINITY


@pytest.mark.parametrize(
    ("threads", "workers", "cores", "expected"),
    [(0, 1, 8, 8), (0, 2, 8, 4), (0, 3, 8, 2), (0, 8, 2, 1), (5, 2, 8, 5)],
)
def test_workers_share_the_cores_unless_told_otherwise(threads, workers, cores, expected):
    assert threads_per_worker(threads, workers, cores) == expected
