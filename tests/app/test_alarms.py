import asyncio

import pytest

from app.alarms import Alarms


def on_a_loop(scenario):
    """Run `scenario(alarms)` on an event loop."""

    async def whole():
        return await scenario(Alarms())

    return asyncio.run(whole())


def test_alarms_ring_at_their_times_whatever_the_order_they_were_set_in():
    async def scenario(alarms):
        loop, rung = asyncio.get_running_loop(), []
        began = loop.time()
        for after_s in (0.3, 0.05, 0.15):
            alarms.set(after_s, lambda after_s=after_s: rung.append((after_s, loop.time())))
            await asyncio.sleep(0)
        await asyncio.sleep(0.5)
        return [(after_s, at - began) for after_s, at in rung]

    rung = dict(on_a_loop(scenario))
    assert sorted(rung) == [0.05, 0.15, 0.3]
    assert all(took >= after_s - 0.001 for after_s, took in rung.items())


def test_one_that_is_put_off_does_not_ring_and_the_next_one_does():
    async def scenario(alarms):
        rung = []
        alarms.off(alarms.set(0.02, lambda: rung.append("off")))
        last = alarms.set(0.06, lambda: rung.append("on"))
        await asyncio.sleep(0.2)
        alarms.off(last)  # nothing happens
        return rung

    assert on_a_loop(scenario) == ["on"]


def test_alarms_that_are_set_once_all_have_rung_ring_too():
    async def scenario(alarms):
        rung = []
        for number in range(3):
            alarms.set(0.01, lambda number=number: rung.append(number))
            await asyncio.sleep(0.05)
        return rung

    assert on_a_loop(scenario) == [0, 1, 2]


def test_many_that_are_put_off_leave_nothing_behind():
    async def scenario(alarms):
        for _ in range(10_000):
            alarms.off(alarms.set(60, print))
        timers = [h for h in asyncio.get_running_loop()._scheduled if not h.cancelled()]
        return len(alarms._alarms), len(timers)

    held, timers = on_a_loop(scenario)
    assert held == 0
    assert timers <= 1


def test_a_block_that_takes_too_long_ends_by_a_timeout():
    async def scenario(alarms):
        with pytest.raises(TimeoutError), alarms.limit(0.02):
            await asyncio.sleep(5)
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0)

    on_a_loop(scenario)


def test_a_block_that_ends_in_time_is_left_alone():
    async def scenario(alarms):
        with alarms.limit(0.03):
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)  # would be cancelled here
        return asyncio.current_task().cancelling()

    assert on_a_loop(scenario) == 0


def test_an_error_within_a_block_passes():
    async def scenario(alarms):
        with pytest.raises(ZeroDivisionError), alarms.limit(1):
            raise ZeroDivisionError

    on_a_loop(scenario)


def test_a_task_that_others_cancel_is_cancelled():
    async def scenario(alarms):
        async def wait():
            with alarms.limit(5):
                await asyncio.sleep(5)

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    on_a_loop(scenario)
