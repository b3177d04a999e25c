import threading

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.telemetry.values import Family, Kind, WorkerFiles

COUNTED = Family(Kind.COUNTER, "counted", "Things.", ("what",))
MEASURED = Family(Kind.HISTOGRAM, "measured", "Sizes.", ("what",), (1.0, 2.0, 4.0))
DEPTH = Family(Kind.SUM, "depth", "Now.")
STARTED = Family(Kind.LATEST, "started", "When.")


def exposed(folder):
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return generate_latest(registry).decode()


def test_the_numbers_of_several_workers_are_one(tmp_path):
    for pid, at in ((1, 5.0), (2, 9.0)):
        files = WorkerFiles(tmp_path, pid)
        files.cell(COUNTED, "a").add()
        files.cell(COUNTED, "a").add(2)
        files.cell(DEPTH).set(pid)
        files.cell(STARTED).set(at)
        files.histogram(MEASURED, "b").observe(at)
    text = exposed(tmp_path)
    assert 'counted_total{what="a"} 6.0' in text
    assert "depth 3.0" in text
    assert "started 9.0" in text
    assert 'measured_count{what="b"} 2.0' in text
    assert 'measured_sum{what="b"} 14.0' in text


def test_a_histogram_is_that_of_prometheus_client(tmp_path):
    registry = CollectorRegistry()
    theirs = Histogram("measured", "Sizes.", ["what"], buckets=MEASURED.bounds, registry=registry)
    ours = WorkerFiles(tmp_path, 1).histogram(MEASURED, "b")
    for value in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.5, 100.0):
        theirs.labels("b").observe(value)
        ours.observe(value)
    reference = {
        line for line in generate_latest(registry).decode().splitlines() if "_cre" not in line
    }
    assert set(exposed(tmp_path).splitlines()) == {
        line if not line.startswith("# HELP") else "# HELP measured Sizes." for line in reference
    }


def test_no_addition_of_several_threads_is_lost(tmp_path):
    cell = WorkerFiles(tmp_path, 1).cell(DEPTH)
    threads = [
        threading.Thread(target=lambda: [cell.add() for _ in range(20_000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cell.value == 80_000
