import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from likewise_client.retrying import AsyncRetrying, Patience, Retrying, retry_after_s


class Service(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers with what it is told to, one after the other, and keeps what it was sent."""

    def __init__(self, *answers):
        self.answers, self.bodies = list(answers), []

    def handle_request(self, request):
        self.bodies.append(request.content)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def handle_async_request(self, request):
        return self.handle_request(request)


def busy(after=None, status=503):
    return httpx.Response(status, headers={} if after is None else {"Retry-After": str(after)})


def ask(service, patience=None, *, asynchronous=False):
    """The last answer, and how long was waited before each try."""
    patience = patience or Patience(chance=lambda: 1.0)
    waits = []
    request = httpx.Request("POST", "http://service/verify", content=b"body")
    if not asynchronous:
        return Retrying(service, patience, waits.append).handle_request(request), waits

    async def whole():
        async def sleep(seconds):
            waits.append(seconds)

        return await AsyncRetrying(service, patience, sleep).handle_async_request(request)

    return asyncio.run(whole()), waits


BOTH = pytest.mark.parametrize("asynchronous", [False, True])


@BOTH
def test_a_busy_service_is_asked_again_with_the_same_body(asynchronous):
    service = Service(busy(), busy(status=429), httpx.Response(200))
    answer, waits = ask(service, asynchronous=asynchronous)
    assert answer.status_code == 200
    assert service.bodies == [b"body"] * 3
    assert waits == [0.25, 0.5]


@BOTH
def test_the_wait_is_the_one_that_is_asked_for(asynchronous):
    assert ask(Service(busy(3), httpx.Response(200)), asynchronous=asynchronous)[1] == [3]


@BOTH
def test_a_broken_connection_is_tried_again_and_told_in_the_end(asynchronous):
    broken = [httpx.ConnectError("refused")] * 2
    assert (
        ask(Service(*broken, httpx.Response(200)), asynchronous=asynchronous)[0].status_code == 200
    )
    service = Service(*[httpx.ReadError("reset")] * 9)
    with pytest.raises(httpx.ReadError):
        ask(service, asynchronous=asynchronous)
    assert len(service.bodies) == 5


@BOTH
@pytest.mark.parametrize("status", [200, 401, 404, 422, 500, 504])
def test_what_another_try_would_not_mend_is_not_tried(status, asynchronous):
    service = Service(httpx.Response(status))
    answer, waits = ask(service, asynchronous=asynchronous)
    assert (answer.status_code, waits) == (status, [])
    assert len(service.bodies) == 1


def test_a_time_out_while_the_service_works_is_not_tried_again():
    service = Service(httpx.ReadTimeout("slow"))
    with pytest.raises(httpx.ReadTimeout):
        ask(service)
    assert len(service.bodies) == 1


def test_tries_and_waits_are_bounded():
    answer, waits = ask(Service(*[busy()] * 9))
    assert answer.status_code == 503
    assert waits == [0.25, 0.5, 1, 2]
    answer, waits = ask(Service(*[busy(20)] * 9))
    assert (answer.status_code, waits) == (503, [20])
    answer, waits = ask(Service(busy(3600)))
    assert (answer.status_code, waits) == (503, [])


def test_waits_differ_from_client_to_client():
    patience = Patience()
    waits = {patience.wait_s(1, 0, None) for _ in range(50)}
    assert len(waits) > 40
    assert 0.125 <= min(waits) <= max(waits) <= 0.25


def test_the_time_to_come_back_may_be_a_date():
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert retry_after_s(busy(at)) == pytest.approx(30, abs=2)
    assert retry_after_s(busy("Wed, 21 Oct 2015 07:28:00 GMT")) == 0
    assert retry_after_s(busy("soon")) is None
    assert retry_after_s(busy()) is None
