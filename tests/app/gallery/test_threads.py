import asyncio
import threading
import time

import pytest

from app.errors import OverloadedError, StoreError
from app.gallery.threads import StoreThreads


def test_results_and_errors_are_passed_on():
    async def run():
        threads = StoreThreads(2, 2)
        assert await threads.run(lambda: 6 * 7, 1) == 42
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0, 1)
        threads.close()

    asyncio.run(run())


def test_a_call_that_hangs_is_an_error_in_time_and_delays_no_other():
    released = threading.Event()

    async def run():
        threads = StoreThreads(2, 0)
        began = time.monotonic()
        with pytest.raises(StoreError, match="deadline"):
            await threads.run(released.wait, 0.05)
        assert time.monotonic() - began < 1
        assert await threads.run(lambda: "answered", 1) == "answered"
        released.set()
        threads.close()

    asyncio.run(run())


def test_calls_beyond_the_queue_are_refused_at_once():
    released = threading.Event()

    async def run():
        threads = StoreThreads(1, 1)
        first = asyncio.create_task(threads.run(released.wait, 5))
        second = asyncio.create_task(threads.run(lambda: "waited", 5))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await threads.run(lambda: "no", 5)
        released.set()
        assert await second == "waited"
        await first
        assert await threads.run(lambda: "again", 5) == "again"
        threads.close()

    asyncio.run(run())


def test_a_call_whose_caller_has_gone_is_not_begun():
    released, begun = threading.Event(), []

    async def run():
        threads = StoreThreads(1, 2)
        first = asyncio.create_task(threads.run(released.wait, 5))
        await asyncio.sleep(0)
        with pytest.raises(StoreError):
            await threads.run(lambda: begun.append(1), 0.01)
        released.set()
        await first
        await threads.run(lambda: None, 5)
        threads.close()

    asyncio.run(run())
    assert begun == []
