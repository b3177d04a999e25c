import contextlib
import importlib.metadata
import inspect
import threading

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from app.telemetry.values import Family, Kind, WorkerFiles

COUNTED = Family(Kind.COUNTER, "counted", "Things.", ("what",))
MEASURED = Family(Kind.HISTOGRAM, "measured", "Sizes.", ("what",), (1.0, 2.0, 4.0))
DEPTH = Family(Kind.SUM, "depth", "Now.")
STARTED = Family(Kind.LATEST, "started", "When.")


@pytest.fixture
def open_files(tmp_path):
    """Opens the files of a worker, which are closed after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda pid: stack.enter_context(contextlib.closing(WorkerFiles(tmp_path, pid)))


def exposed(folder):
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return generate_latest(registry).decode()


def test_the_numbers_of_several_workers_are_one(tmp_path, open_files):
    for pid, at in ((1, 5.0), (2, 9.0)):
        files = open_files(pid)
        files.value(COUNTED, "a").add()
        files.value(COUNTED, "a").add(2)
        files.value(DEPTH).set(pid)
        files.value(STARTED).set(at)
        files.histogram(MEASURED, "b").observe(at)
    text = exposed(tmp_path)
    assert 'counted_total{what="a"} 6.0' in text
    assert "depth 3.0" in text
    assert "started 9.0" in text
    assert 'measured_count{what="b"} 2.0' in text
    assert 'measured_sum{what="b"} 14.0' in text


def test_a_histogram_is_that_of_prometheus_client(tmp_path, open_files):
    registry = CollectorRegistry()
    theirs = Histogram("measured", "Sizes.", ["what"], buckets=MEASURED.bounds, registry=registry)
    ours = open_files(1).histogram(MEASURED, "b")
    for value in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.5, 100.0):
        theirs.labels("b").observe(value)
        ours.observe(value)
    reference = {
        line for line in generate_latest(registry).decode().splitlines() if "_cre" not in line
    }
    assert set(exposed(tmp_path).splitlines()) == {
        line if not line.startswith("# HELP") else "# HELP measured Sizes." for line in reference
    }


def test_no_addition_of_several_threads_is_lost(tmp_path, open_files):
    value = open_files(1).value(DEPTH)
    threads = [
        threading.Thread(target=lambda: [value.add() for _ in range(20_000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "depth 80000.0" in exposed(tmp_path)


def test_a_worker_with_the_pid_of_one_that_ended_adds_to_its_counters(tmp_path, open_files):
    with contextlib.closing(WorkerFiles(tmp_path, 1)) as ended:
        ended.value(COUNTED, "a").add(2)
    open_files(1).value(COUNTED, "a").add()
    assert 'counted_total{what="a"} 3.0' in exposed(tmp_path)


def test_more_values_than_a_new_file_has_room_for_are_all_there(tmp_path, open_files):
    files = open_files(1)
    values = [files.value(COUNTED, f"{i:04}" + "x" * 200) for i in range(500)]  # 0.1 MB in 64 KB
    for number, value in enumerate(values):
        value.add(number)
    assert sum(line.startswith("counted_total") for line in exposed(tmp_path).splitlines()) == 500
    assert f'counted_total{{what="0007{"x" * 200}"}} 7.0' in exposed(tmp_path)


def test_a_value_of_a_closed_file_cannot_be_changed(tmp_path):
    files = WorkerFiles(tmp_path, 1)
    value = files.value(COUNTED, "a")
    files.close()
    with pytest.raises(ValueError, match="released"):
        value.add()


def test_prometheus_client_still_has_the_undocumented_class_behind_the_files():
    version = importlib.metadata.version("prometheus-client")
    methods = {"__init__": 3, "read_value": 2, "close": 1, "_init_value": 2}
    found = {name: len(inspect.signature(getattr(MmapedDict, name)).parameters) for name in methods}
    assert found == methods, f"prometheus-client {version} has changed its MmapedDict"
    assert len(inspect.signature(mmap_key).parameters) == 5, f"mmap_key of {version} has changed"
