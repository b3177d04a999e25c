import asyncio
import threading

import pytest

from app.errors import ModelsError
from app.settings import Settings
from app.worker.service import running_service


def job_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("runner")]


def test_it_runs_jobs_within_its_limits_and_leaves_no_thread_behind(models_dir):
    settings = Settings(
        models_dir=models_dir, default_model="tiny", threads=1, deadline_ms=1500, max_image_pixels=7
    )

    async def whole():
        with running_service(settings) as service:
            assert service.deadline_s == 1.5
            assert service.image_limits.max_pixels == 7
            assert list(service.catalog.served) == ["tiny", "tiny-codes"]
            await service.jobs.submit(lambda: None, service.deadline_s)
            assert len(job_threads()) > before

    before = len(job_threads())
    asyncio.run(whole())
    assert len(job_threads()) == before


def test_it_does_not_start_without_its_default_model(models_dir):
    async def whole():
        with running_service(Settings(models_dir=models_dir)):
            pass

    with pytest.raises(ModelsError, match="faces"):
        asyncio.run(whole())
