import asyncio
import contextlib
import subprocess
import sys
import threading
import time

import pytest

from app.batching.batch_runner import attempt
from app.batching.byte_budget import ByteBudget
from app.batching.job import Execution
from app.batching.worker_pool import JobPool
from app.errors import DeadlineError, OverloadedError, RunnerFailedError
from tests.servers import ROOT


def passing():
    """A self-check without a finding."""


def batches(most=1):
    """Jobs are calls, which raise or give what they like; each weighs 1."""
    return Execution(lambda jobs, _: [attempt(job) for job in jobs], lambda _: 1, most)


def run_in_pool(scenario, threads=1, max_waiting=1, execution=None, check=passing):
    """Run `scenario(pool, gate)`; jobs may wait for the gate, which is open at the end."""

    async def whole():
        pool, gate = JobPool(threads, max_waiting, execution or batches(), check), threading.Event()
        try:
            return await scenario(pool, gate)
        finally:
            gate.set()
            pool.close()

    return asyncio.run(whole())


async def run(pool, job, within_s):
    return await pool.submit(job, within_s)


def blocking(pool, gate, within_s=10.0):
    """A job that holds a thread until the gate opens, started."""
    return asyncio.ensure_future(run(pool, lambda: gate.wait(10), within_s))


async def a_moment():
    await asyncio.sleep(0.02)


def test_a_job_runs_in_another_thread_and_returns_its_result():
    async def scenario(pool, _):
        return await run(pool, threading.get_ident, 5)

    assert run_in_pool(scenario) != threading.get_ident()


def test_a_job_that_raises_raises_here_and_the_pool_goes_on():
    async def scenario(pool, _):
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                await run(pool, lambda: 1 / 0, 5)
        return await run(pool, lambda: "alive", 5)

    assert run_in_pool(scenario) == "alive"


def test_a_timeout_inside_a_job_is_not_our_deadline():
    def job():
        raise TimeoutError("of the job")

    async def scenario(pool, _):
        with pytest.raises(TimeoutError, match="of the job"):
            await run(pool, job, 5)

    run_in_pool(scenario)


@pytest.mark.serial
def test_a_full_queue_refuses_at_once():
    async def scenario(pool, gate):
        running, waiting = blocking(pool, gate), blocking(pool, gate)
        await a_moment()
        assert pool.waiting == 1
        began = time.perf_counter()
        with pytest.raises(OverloadedError):
            await run(pool, lambda: None, 5)
        assert time.perf_counter() - began < 0.01
        gate.set()
        assert await running
        assert await waiting

    run_in_pool(scenario)


def test_a_pool_without_a_queue_still_uses_its_free_thread():
    async def scenario(pool, _):
        return await run(pool, lambda: 7, 5)

    assert run_in_pool(scenario, max_waiting=0) == 7


def test_a_job_whose_time_is_over_while_it_waits_never_runs():
    ran = []

    async def scenario(pool, gate):
        running = blocking(pool, gate)
        await a_moment()
        with pytest.raises(DeadlineError, match=r"0\.05 s"):
            await run(pool, lambda: ran.append(1), 0.05)
        assert pool.waiting == 0
        gate.set()
        await running
        await run(pool, lambda: None, 5)

    run_in_pool(scenario)
    assert ran == []


def test_a_job_whose_caller_has_gone_while_it_waits_never_runs():
    ran = []

    async def scenario(pool, gate):
        running = blocking(pool, gate)
        await a_moment()
        left = asyncio.ensure_future(run(pool, lambda: ran.append(1), 5))
        await a_moment()
        left.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await left
        assert pool.waiting == 0
        gate.set()
        await running
        await run(pool, lambda: None, 5)

    run_in_pool(scenario)
    assert ran == []


def test_a_job_that_outlives_its_deadline_keeps_its_thread_until_it_ends():
    async def scenario(pool, gate):
        with pytest.raises(DeadlineError):
            await blocking(pool, gate, within_s=0.05)
        waiting = asyncio.ensure_future(run(pool, lambda: "next", 5))
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
            await run(pool, lambda: late(gate), 0.05)
        gate.set()
        return await run(pool, lambda: "next", 5)

    assert run_in_pool(scenario) == "next"


def test_every_one_of_many_jobs_is_answered_or_refused():
    async def scenario(pool, _):
        jobs = [run(pool, lambda n=n: n, 5) for n in range(200)]
        return await asyncio.gather(*jobs, return_exceptions=True)

    results = run_in_pool(scenario, threads=2, max_waiting=20)
    refused = [r for r in results if isinstance(r, OverloadedError)]
    answered = [r for r in results if isinstance(r, int)]
    assert len(refused) + len(answered) == 200
    assert len(answered) >= 22
    assert all(results[n] == n for n in answered)


def test_a_free_runner_takes_what_waits_up_to_the_cap_and_waits_for_no_more():
    sizes = []

    def noting(jobs, _):
        sizes.append(len(jobs))
        return [attempt(job) for job in jobs]

    execution = Execution(noting, lambda _: 1, 4)

    async def scenario(pool, gate):
        first = blocking(pool, gate)
        others = [asyncio.ensure_future(run(pool, lambda n=n: n, 5)) for n in range(10)]
        await a_moment()
        gate.set()
        await first
        return await asyncio.gather(*others)

    assert run_in_pool(scenario, max_waiting=10, execution=execution) == list(range(10))
    assert sizes == [1, 4, 4, 2]


def test_a_job_that_weighs_more_than_the_cap_runs_alone_and_nobody_overtakes():
    sizes = []

    def noting(jobs, _):
        sizes.append([job[0] for job in jobs])
        return [attempt(job[1]) for job in jobs]

    execution = Execution(noting, lambda job: job[0], 4)

    async def scenario(pool, gate):
        first = asyncio.ensure_future(run(pool, (1, lambda: gate.wait(10)), 5))
        weights = (3, 9, 1, 2, 2)
        others = [asyncio.ensure_future(run(pool, (w, lambda: None), 5)) for w in weights]
        await a_moment()
        gate.set()
        await asyncio.gather(first, *others)

    run_in_pool(scenario, max_waiting=10, execution=execution)
    assert sizes == [[1], [3], [9], [1, 2], [2]]


def test_one_bad_job_of_a_batch_spoils_no_other():
    async def scenario(pool, gate):
        first = blocking(pool, gate)
        jobs = [lambda: 1, lambda: 1 / 0, lambda: 3]
        others = [asyncio.ensure_future(run(pool, job, 5)) for job in jobs]
        await a_moment()
        gate.set()
        await first
        return await asyncio.gather(*others, return_exceptions=True)

    one, error, three = run_in_pool(scenario, max_waiting=3, execution=batches(most=8))
    assert (one, three) == (1, 3)
    assert isinstance(error, ZeroDivisionError)


def crash():
    raise SystemExit("the thread is told to end")


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)


def test_a_runner_that_fails_fails_its_batch_and_is_replaced_by_one_that_passed_the_check():
    checks = []

    async def scenario(pool, _):
        assert await run(pool, lambda: "before", 5) == "before"
        with pytest.raises(RunnerFailedError):
            await run(pool, crash, 5)
        assert not pool.ready
        assert await run(pool, lambda: "after", 5) == "after"
        assert pool.ready

    run_in_pool(scenario, check=lambda: checks.append(1))
    assert checks == [1]


def test_a_runner_that_fails_the_check_is_tried_again_and_until_then_the_pool_is_not_ready():
    checks = []

    def check():
        checks.append(1)
        if len(checks) < 3:
            raise RuntimeError("the model computes something else now")

    async def scenario(pool, _):
        with pytest.raises(RunnerFailedError):
            await run(pool, crash, 5)
        await until(lambda: len(checks) == 2)
        assert not pool.ready
        await until(lambda: pool.ready)
        return await run(pool, lambda: "again", 5)

    assert run_in_pool(scenario, check=check) == "again"
    assert len(checks) == 3


def test_when_one_of_two_runners_fails_the_other_goes_on():
    async def scenario(pool, _):
        with pytest.raises(RunnerFailedError):
            await run(pool, crash, 5)
        assert await run(pool, lambda: "other", 5) == "other"
        await until(lambda: pool.ready)

    run_in_pool(scenario, threads=2)


@pytest.mark.serial
def test_five_times_what_it_can_do_leaves_nobody_hanging_and_keeps_the_runner_busy():
    """Each job takes 2 ms of one runner; 5 x as many come as it can do, for a quarter second."""
    job_s, times, took = 0.002, 5, []

    def job():
        began = time.perf_counter()
        time.sleep(job_s)
        took.append(time.perf_counter() - began)

    async def scenario(pool, _):
        async def one(n):
            await asyncio.sleep(n * job_s / times)
            return await run(pool, job, 5)

        began = time.perf_counter()
        outcomes = await asyncio.gather(*map(one, range(600)), return_exceptions=True)
        return outcomes, time.perf_counter() - began

    outcomes, seconds = run_in_pool(scenario, max_waiting=20, execution=batches(most=4))
    done = sum(outcome is None for outcome in outcomes)
    refused = sum(isinstance(outcome, OverloadedError) for outcome in outcomes)
    assert done + refused == 600
    assert refused > 300
    assert sum(took) > 0.6 * seconds


def test_a_job_that_runs_is_told_when_nobody_wants_it_any_more():
    told = []

    def asking(jobs, is_cancelled):
        told.append(is_cancelled[0]())
        jobs[0]()
        told.append(is_cancelled[0]())
        return [None]

    async def scenario(pool, gate):
        with pytest.raises(DeadlineError):
            await run(pool, lambda: gate.wait(10), within_s=0.05)
        gate.set()
        while pool.busy:
            await a_moment()

    run_in_pool(scenario, execution=Execution(asking, lambda _: 1, 1))
    assert told == [False, True]


def test_the_memory_of_a_job_that_runs_is_held_though_nobody_waits_any_more():
    budget = ByteBudget(10)

    async def scenario(pool, gate):
        with budget.reserve() as share:
            share.take(6)
            answer = pool.submit(lambda: gate.wait(10), 10, share.share)
            await a_moment()
            answer.cancel()
        await a_moment()
        held_while_it_runs = budget.held
        gate.set()
        await a_moment()
        return held_while_it_runs, budget.held

    assert run_in_pool(scenario) == (6, 0)


def test_the_memory_of_a_job_that_leaves_the_queue_is_given_back():
    budget = ByteBudget(10)

    async def scenario(pool, gate):
        first = blocking(pool, gate)
        await a_moment()
        with budget.reserve() as share:
            share.take(6)
            answer = pool.submit(lambda: None, 10, share.share)
            answer.cancel()
            await a_moment()
        held = budget.held
        gate.set()
        await first
        return held

    assert run_in_pool(scenario) == 0


def test_the_memory_of_a_job_whose_runner_fails_is_given_back():
    budget = ByteBudget(10)

    def fail(_jobs, _cancelled):
        raise SystemError

    async def scenario(pool, _):
        with budget.reserve() as share:
            share.take(6)
            with pytest.raises(RunnerFailedError):
                await pool.submit(lambda: None, 10, share.share)
        return budget.held

    assert run_in_pool(scenario, execution=Execution(fail, lambda _: 1, 1)) == 0


WITHOUT_THREADS = """
import asyncio, re, resource, sys, threading
from pathlib import Path
from app.batching.batch_runner import attempt
from app.batching.job import Execution
from app.batching.worker_pool import JobPool
from app.errors import RunnerFailedError

threading.stack_size(1 << 28)  # So that none fits into the memory that is left below.

def allow(thread):
    most = resource.RLIM_INFINITY
    if not thread:
        text = Path("/proc/self/status").read_text()
        most = (int(re.search(r"VmSize:\\s+(\\d+)", text)[1]) << 10) + (1 << 27)
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))

async def whole(starts):
    execution = Execution(lambda jobs, _: [attempt(job) for job in jobs], lambda _: 1, 1)
    pool = JobPool(1, 4, execution, lambda: None)
    allow(thread=False)
    if starts:
        pool.start()
    else:
        try:
            await pool.submit(lambda: "too early", 5)
        except RunnerFailedError:
            print("failed", pool.ready)
    print(pool.ready)
    allow(thread=True)
    async with asyncio.timeout(20):
        while not pool.ready:
            await asyncio.sleep(0.01)
    print(await pool.submit(lambda: "answered", 5))
    pool.close()

asyncio.run(whole(sys.argv[1] == "start"))
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [("start", "False\nanswered\n"), ("submit", "failed False\nFalse\nanswered\n")],
)
def test_without_a_thread_the_pool_is_not_ready_and_tries_again(how, said):
    ended = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", WITHOUT_THREADS, how],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout == said, ended.stderr
