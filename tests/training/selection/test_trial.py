import pytest

from training.selection.trial import _Stopwatch


def stopped_after(watch, now, seconds):
    """Take steps of so many seconds until the watch stops; returns their number."""
    for step in range(1, 100):
        now[0] += seconds
        try:
            watch.step(0.5, 64)
        except StopIteration:
            return step
    return None


@pytest.mark.parametrize(("seconds", "steps"), [(0.5, 4), (3.0, 3), (20.0, 1)])
def test_steps_are_timed_until_they_are_enough_or_too_slow(seconds, steps):
    now = [100.0]
    watch = _Stopwatch(4, lambda: now[0], limit=8)
    assert stopped_after(watch, now, seconds) == steps
    assert watch.seconds_per_step == pytest.approx(seconds)


def test_the_first_step_is_left_out():
    now = [0.0]
    watch = _Stopwatch(4, lambda: now[0])
    now[0] = 50.0
    watch.step(0.5, 64)
    assert stopped_after(watch, now, 2.0) == 3
    assert watch.seconds_per_step == pytest.approx(2)
