"""Progress of a bulk command, as a line and by its thread."""

import io
import re
import time

from bulk.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_comes_also_while_nothing_is_done_and_not_on_a_terminal_of_its_own():
    to = io.StringIO()
    with Progress("images", 1000, 200, to, every_s=0.05) as progress:
        progress.advance(100)
        time.sleep(0.3)
    lines = to.getvalue().splitlines()
    assert len(lines) >= 2
    for line in lines:
        assert re.fullmatch(r"300 of 1,000 images, [\d,]+/s, \d+ s left", line)


def test_the_rate_is_of_this_run_and_gives_the_time_left():
    progress = Progress("images", 10_000, 4000, io.StringIO())
    assert progress.line() == "4,000 of 10,000 images, 0/s, unknown time left"
    time.sleep(0.1)
    progress.advance(100)
    rate, left = re.fullmatch(
        r"4,100 of 10,000 images, ([\d,]+)/s, (\d+) s left", progress.line()
    ).groups()
    assert 0 < int(rate.replace(",", "")) <= 1000
    assert abs(int(rate.replace(",", "")) * int(left) / 5900 - 1) < 0.2


def test_a_line_changes_on_a_terminal_and_is_gone_at_the_end():
    to = Terminal()
    with Progress("images listed", to=to, every_s=0.02) as progress:
        progress.advance(7)
        time.sleep(0.1)
    assert "\r7 images listed, " in to.getvalue()
    assert "\n" not in to.getvalue()
    assert to.getvalue().endswith("\r\x1b[K")


def test_a_long_time_left_is_in_minutes_or_hours():
    progress = Progress("images", 10_000_000, 0, io.StringIO())
    time.sleep(0.05)
    progress.advance(1)
    assert re.search(r"[\d.]+ h left$", progress.line())
