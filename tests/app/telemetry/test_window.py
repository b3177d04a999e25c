from collections import Counter

from app.telemetry.values import Family, Kind, WorkerFiles
from app.telemetry.window import RecentCounts

BINS = Family(Kind.SUM, "bins", "In each bin.", ("bin",))


def recent(folder, bins, half):
    cells = [WorkerFiles(folder / str(i), 1).cell(BINS, str(i)) for i in make(folder, bins)]
    return RecentCounts(cells, half), cells


def make(folder, bins):
    for i in range(bins):
        (folder / str(i)).mkdir()
        yield i


def test_what_is_counted_is_the_last_one_or_two_generations(tmp_path):
    counts, cells = recent(tmp_path, 3, half=10)
    said = [i * i % 3 for i in range(95)]
    for number, position in enumerate(said, 1):
        counts.count(position)
        kept = number if number < 10 else 10 + number % 10
        last = Counter(said[number - kept : number])
        assert [cell.value for cell in cells] == [last[i] for i in range(3)]


def test_it_begins_with_nothing_whatever_was_there(tmp_path):
    counts, cells = recent(tmp_path, 2, half=10)
    counts.count(1)
    RecentCounts(cells)
    assert [cell.value for cell in cells] == [0, 0]
