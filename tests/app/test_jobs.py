import asyncio
import contextlib
import threading
import time

import pytest

from app.errors import DeadlineError, OverloadedError
from app.jobs import JobPool


def run_in_pool(scenario, threads=1, max_waiting=1):
    """Run `scenario(pool, gate)`; jobs may wait for the gate, which is open at the end."""

    async def whole():
        pool, gate = JobPool(threads, max_waiting), threading.Event()
        try:
            return await scenario(pool, gate)
        finally:
            gate.set()
            pool.close()

    return asyncio.run(whole())


def blocking(pool, gate, within_s=10.0):
    """A job that holds a thread until the gate opens, started."""
    return asyncio.ensure_future(pool.run(lambda: gate.wait(10), within_s))


async def a_moment():
    await asyncio.sleep(0.02)


def test_a_job_runs_in_another_thread_and_returns_its_result():
    async def scenario(pool, _):
        return await pool.run(threading.get_ident, 5)

    assert run_in_pool(scenario) != threading.get_ident()


def test_a_job_that_raises_raises_here_and_the_pool_goes_on():
    async def scenario(pool, _):
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 / 0, 5)
        return await pool.run(lambda: "alive", 5)

    assert run_in_pool(scenario) == "alive"


def test_a_timeout_inside_a_job_is_not_our_deadline():
    def job():
        raise TimeoutError("of the job")

    async def scenario(pool, _):
        with pytest.raises(TimeoutError, match="of the job"):
            await pool.run(job, 5)

    run_in_pool(scenario)


def test_a_full_queue_refuses_at_once():
    async def scenario(pool, gate):
        running, waiting = blocking(pool, gate), blocking(pool, gate)
        await a_moment()
        assert pool.waiting == 1
        began = time.perf_counter()
        with pytest.raises(OverloadedError):
            await pool.run(lambda: None, 5)
        assert time.perf_counter() - began < 0.01
        gate.set()
        assert await running
        assert await waiting

    run_in_pool(scenario)


def test_a_pool_without_a_queue_still_uses_its_free_thread():
    async def scenario(pool, _):
        return await pool.run(lambda: 7, 5)

    assert run_in_pool(scenario, max_waiting=0) == 7


def test_a_job_whose_time_is_over_while_it_waits_never_runs():
    ran = []

    async def scenario(pool, gate):
        running = blocking(pool, gate)
        await a_moment()
        with pytest.raises(DeadlineError, match=r"0\.05 s"):
            await pool.run(lambda: ran.append(1), 0.05)
        assert pool.waiting == 0
        gate.set()
        await running
        await pool.run(lambda: None, 5)

    run_in_pool(scenario)
    assert ran == []


def test_a_job_whose_caller_has_gone_while_it_waits_never_runs():
    ran = []

    async def scenario(pool, gate):
        running = blocking(pool, gate)
        await a_moment()
        left = asyncio.ensure_future(pool.run(lambda: ran.append(1), 5))
        await a_moment()
        left.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await left
        assert pool.waiting == 0
        gate.set()
        await running
        await pool.run(lambda: None, 5)

    run_in_pool(scenario)
    assert ran == []


def test_a_job_that_outlives_its_deadline_keeps_its_thread_until_it_ends():
    async def scenario(pool, gate):
        with pytest.raises(DeadlineError):
            await blocking(pool, gate, within_s=0.05)
        waiting = asyncio.ensure_future(pool.run(lambda: "next", 5))
        await a_moment()
        assert pool.waiting == 1
        gate.set()
        return await waiting

    assert run_in_pool(scenario) == "next"


def test_an_error_after_the_deadline_disturbs_nobody():
    def late(gate):
        gate.wait(10)
        raise ValueError("too late")

    async def scenario(pool, gate):
        with pytest.raises(DeadlineError):
            await pool.run(lambda: late(gate), 0.05)
        gate.set()
        return await pool.run(lambda: "next", 5)

    assert run_in_pool(scenario) == "next"


def test_every_one_of_many_jobs_is_answered_or_refused():
    async def scenario(pool, _):
        jobs = [pool.run(lambda n=n: n, 5) for n in range(200)]
        return await asyncio.gather(*jobs, return_exceptions=True)

    results = run_in_pool(scenario, threads=2, max_waiting=20)
    refused = [r for r in results if isinstance(r, OverloadedError)]
    answered = [r for r in results if isinstance(r, int)]
    assert len(refused) + len(answered) == 200
    assert len(answered) >= 22
    assert all(results[n] == n for n in answered)
