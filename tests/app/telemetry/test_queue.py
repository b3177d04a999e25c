import asyncio
import contextlib
import threading

from app.batching.batch_runner import attempt
from app.batching.job import Execution
from app.batching.worker_pool import JobPool
from app.telemetry.exposition import exposition
from app.telemetry.recorder import Recorder
from app.telemetry.telemetry import Telemetry


def test_the_queue_is_told_as_it_grows_as_a_caller_goes_and_as_its_jobs_are_taken(tmp_path):
    recorder, gate = Recorder(tmp_path), threading.Event()

    def depth():
        lines = exposition(tmp_path, {}).decode().splitlines()
        return next(line for line in lines if line.startswith("likewise_queue_depth "))[-3:]

    async def whole():
        execution = Execution(lambda jobs, _: [attempt(job) for job in jobs], lambda _: 1, 1)
        pool = JobPool(1, 4, execution, lambda: None, Telemetry(recorder))
        jobs = [pool.submit(gate.wait, 10) for _ in range(3)]
        depths = [depth()]
        jobs[1].cancel()
        await asyncio.sleep(0)
        depths.append(depth())
        gate.set()
        await asyncio.gather(jobs[0], jobs[2])
        depths.append(depth())
        pool.close()
        return depths

    with contextlib.closing(recorder):
        assert asyncio.run(whole()) == ["2.0", "1.0", "0.0"]
    assert "likewise_queue_seconds_count 2.0" in exposition(tmp_path, {}).decode()
