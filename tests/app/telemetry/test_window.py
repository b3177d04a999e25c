import contextlib
from collections import Counter

import pytest

from app.telemetry.values import Family, Kind, WorkerFiles
from app.telemetry.window import RecentCounts

BINS = Family(Kind.SUM, "bins", "In each bin.", ("bin",))


@pytest.fixture
def values(tmp_path):
    """Three values of one worker."""
    with contextlib.closing(WorkerFiles(tmp_path, 1)) as files:
        yield [files.value(BINS, str(position)) for position in range(3)]


def test_what_is_counted_is_the_last_one_or_two_generations(values):
    counts = RecentCounts(values, half=10)
    said = [i * i % 3 for i in range(95)]
    for number, position in enumerate(said, 1):
        counts.count(position)
        kept = number if number < 10 else 10 + number % 10
        last = Counter(said[number - kept : number])
        assert [value.current for value in values] == [last[i] for i in range(3)]


def test_it_begins_with_nothing_whatever_was_there(values):
    RecentCounts(values).count(1)
    RecentCounts(values)
    assert [value.current for value in values] == [0, 0, 0]
