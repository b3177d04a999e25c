import asyncio
import threading

import pytest

from app.errors import LoadTimeoutError
from app.worker.blocking_calls import BlockingCalls
from tests.servers import wait_until


def test_a_call_returns_its_result_or_its_error():
    async def whole():
        calls = BlockingCalls(10)
        assert await calls.run("one", lambda: threading.current_thread().daemon)
        with pytest.raises(ZeroDivisionError):
            await calls.run("two", lambda: 1 / 0)
        return await calls.run("three", lambda: 3)

    assert asyncio.run(whole()) == 3


@pytest.mark.timeout(20)
def test_a_call_that_does_not_return_is_left_alone_and_holds_up_later_ones_only():
    async def whole():
        calls, gate = BlockingCalls(0.05), threading.Event()
        with pytest.raises(LoadTimeoutError, match="the reload: not done within"):
            await calls.run("the reload", gate.wait)
        with pytest.raises(LoadTimeoutError, match="an earlier attempt has not returned"):
            await calls.run("the reload", lambda: 1)
        gate.set()
        await asyncio.to_thread(wait_until, lambda: not calls._is_running)
        return await calls.run("the reload", lambda: 2)

    assert asyncio.run(whole()) == 2


@pytest.mark.timeout(20)
def test_an_event_loop_ends_though_a_call_has_not_returned():
    gate = threading.Event()

    async def whole():
        with pytest.raises(LoadTimeoutError):
            await BlockingCalls(0.01).run("the reload", gate.wait)

    asyncio.run(whole())
    gate.set()  # The thread finds the loop closed.


def test_without_a_thread_the_call_fails_with_the_reason(monkeypatch):
    def refused(_):
        raise RuntimeError("can't start new thread")

    async def whole():
        calls = BlockingCalls(10)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refused)
            with pytest.raises(LoadTimeoutError, match="can't start new thread"):
                await calls.run("the reload", lambda: 1)
        return await calls.run("the reload", lambda: 2)

    assert asyncio.run(whole()) == 2
