import io

from rich.console import Console

from training.selection.progress import ChoiceProgress


def test_without_a_terminal_a_long_trial_prints_a_line_every_few_seconds_with_the_time_left():
    now, out = [0.0], io.StringIO()
    console = Console(file=out, width=200)
    progress = ChoiceProgress(console, lambda: 100 - now[0], lambda: now[0])
    progress.trying("light")
    for _ in range(30):
        now[0] += 1
        progress.step(0.5, 64)
    lines = out.getvalue().splitlines()
    assert lines == [f"trying light; 1:{left} left until trained" for left in (31, 22, 13)]
    progress.done()


def test_a_time_that_is_over_is_no_time_that_is_left():
    now, out = [95.0], io.StringIO()
    progress = ChoiceProgress(Console(file=out, width=200), lambda: 100 - now[0], lambda: now[0])
    progress.trying("light")
    now[0] = 110.0
    progress.step(0.5, 64)
    assert out.getvalue() == "trying light; the time is over: what has begun is ended\n"
