import pytest
import torch

from training.fit.progress import Progress
from training.selection.threads import ThreadWatch


class Told(Progress):
    def __init__(self):
        self.steps, self.epochs = 0, 0

    def step(self, _loss, _images):
        self.steps += 1

    def epoch(self, _epoch, _summary):
        self.epochs += 1


@pytest.fixture
def threads(monkeypatch):
    """Numbers of threads that were set."""
    found = []
    monkeypatch.setattr(torch, "set_num_threads", found.append)
    return found


def watched(seconds):
    """Take steps of so many seconds each; None is an epoch's end, with a long measurement."""
    now, told = [0.0], Told()
    watch = ThreadWatch(told, lambda: now[0])
    for each in seconds:
        now[0] += 100 if each is None else each
        if each is None:
            watch.epoch(0, {})
        else:
            watch.step(0.5, 64)
    return told


@pytest.mark.parametrize(
    "seconds",
    [
        [9, 0.1, 0.1, 0.6, 0.6, 0.1, 0.6, 0.6, 0.1],
        [9, 0.1, 0.4, 0.4, 0.4, 0.4],
        [9, 0.1, None, 9, 0.1, None, 9, 0.1, None, 9, 0.1],
        [0.6, 0.6, 0.6, 0.6, 0.6],
    ],
)
def test_threads_stay_where_few_steps_in_a_row_are_slow(threads, seconds):
    told = watched(seconds)
    assert threads == []
    assert told.steps + told.epochs == len(seconds)


def test_one_thread_is_left_after_three_slow_steps_in_a_row(threads):
    watched([9, 0.1, 0.1, 0.6, 2.0, 0.6])
    assert threads == [1]
