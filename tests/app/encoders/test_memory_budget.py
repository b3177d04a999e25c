import ctypes
import os
import threading

import pytest

from app.encoders import memory_budget
from app.encoders.memory_budget import cgroup_limit, own_bytes, return_large_pieces

GIB = 1 << 30


@pytest.fixture(autouse=True)
def _a_large_machine(monkeypatch):
    monkeypatch.setattr(memory_budget, "machine_memory", lambda: 64 * GIB)


def v2(tmp_path, limits, own="/"):
    for folder, limit in limits.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "memory.max").write_text(limit)
    (tmp_path / "self").write_text(f"0::{own}\n")
    return tmp_path, tmp_path / "self"


def v1(tmp_path, limits, own="/"):
    for folder, limit in limits.items():
        (tmp_path / "memory" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "memory" / folder / "memory.limit_in_bytes").write_text(limit)
    (tmp_path / "self").write_text(f"9:cpu,cpuacct:/x\n4:memory:{own}\n0::/\n")
    return tmp_path, tmp_path / "self"


def test_a_limit_of_cgroups_v2_counts(tmp_path):
    assert cgroup_limit(*v2(tmp_path, {".": f"{GIB}\n"})) == GIB


def test_the_least_limit_above_us_counts(tmp_path):
    assert cgroup_limit(*v2(tmp_path, {"a": f"{GIB}\n", "a/b": "max\n"}, "/a/b")) == GIB


def test_a_limit_of_cgroups_v1_counts(tmp_path):
    assert cgroup_limit(*v1(tmp_path, {".": f"{GIB}\n"})) == GIB


def test_a_limit_of_our_folder_of_cgroups_v1_counts(tmp_path):
    limits = {".": "9223372036854771712\n", "a": f"{GIB}\n"}
    assert cgroup_limit(*v1(tmp_path, limits, "/a")) == GIB


def test_a_container_whose_folder_is_mounted_as_the_root_has_its_limit(tmp_path):
    assert cgroup_limit(*v1(tmp_path, {".": f"{GIB}\n"}, "/docker/0123")) == GIB


@pytest.mark.parametrize("make", [v1, v2])
def test_no_limit_is_none(tmp_path, make):
    limit = "max\n" if make is v2 else "9223372036854771712\n"
    assert cgroup_limit(*make(tmp_path, {".": limit})) is None


def test_no_cgroups_at_all_is_no_limit(tmp_path):
    assert cgroup_limit(tmp_path / "none", tmp_path / "none") is None


def test_own_bytes_grow_with_what_is_held():
    before = own_bytes()
    held = b"x" * 50_000_000
    assert own_bytes() - before > 40_000_000
    del held


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not glibc")
def test_what_a_thread_frees_goes_back_to_the_system():
    return_large_pieces()

    def churn():
        for size in range(5, 30, 3):
            pieces = [b"x" * (size << 20) for _ in range(4)]
            del pieces

    before = own_bytes()
    threads = [threading.Thread(target=churn) for _ in range(min(4, os.cpu_count() or 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert own_bytes() - before < 30_000_000
