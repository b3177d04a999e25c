"""`Likewise` and `AsyncLikewise`: clients that send the calls and return their answers.

Requests and answers are built in `calls`; `retrying` tries again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, get_args
from urllib.parse import urlsplit

import httpx

from likewise_client.calls import Answer, Call
from likewise_client.errors import BadAnswer, Unreachable
from likewise_client.galleries.calls import GalleryCalls
from likewise_client.retrying import AsyncRetrying, Patience, Retrying

TIMEOUT_S = 30.0
CONNECT_S = 5.0

Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)
Parameters = ParamSpec("Parameters")


class _Client(Generic[Http]):
    """Shared base of both clients: address, API key and default model."""

    _http_client: Callable[..., Http]
    _transport: type[Any]
    _retrying: type[Any]

    def __init__(  # noqa: PLR0913 (all but the address are rarely given)
        self,
        url: str,
        api_key: str | None = None,
        *,
        model: str | None = None,
        timeout_s: float = TIMEOUT_S,
        deadline_s: float | None = None,
        patience: Patience | None = None,
        transport: Any = None,  # noqa: ANN401 (httpx's, of either kind)
    ) -> None:
        """Set the address of the service; nothing is sent yet.

        Args:
            url: Of the service, with the path prefix of its gateway if there is one.
            api_key: Sent with each call, where the service asks for one.
            model: Default model of the calls; None: the service's default.
            timeout_s: Longest duration of one try, in seconds; connecting takes 5 at most.
            deadline_s: Longest time that the service may spend on a call, in seconds, where its
                own deadline is later; after it the call raises `DeadlinePassed`.
            patience: Limits of retrying; see `Patience`.
            transport: Replaces the network, as in `in_process`.

        Raises:
            ValueError: The URL is not one of a service.
        """
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
            raise ValueError(f"{url!r} is no address of a service; give one as http://host:8000")
        self._url, self._calls = url.rstrip("/"), GalleryCalls(model)
        headers = {
            "X-API-Key": api_key,
            "X-Deadline-Ms": None if deadline_s is None else str(1000 * deadline_s),
        }
        self._http: Http = self._http_client(
            transport=self._retrying(transport or self._transport(), patience or Patience()),
            base_url=self._url,
            headers={name: value for name, value in headers.items() if value is not None},
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
        )

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.DecodingError as error:
            raise BadAnswer(f"the answer cannot be decoded: {error}") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(f"{self._url} cannot be reached: {reason}") from error


def _sync(
    build: Callable[Concatenate[GalleryCalls, Parameters], Call[Answer]],
) -> Callable[Concatenate[Likewise, Parameters], Answer]:
    """Return the method that sends a call and waits for its answer."""

    def method(self: Likewise, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        return self._send(build(self._calls, *args, **kwargs))

    _describe(method, build)
    return method


def _async(
    build: Callable[Concatenate[GalleryCalls, Parameters], Call[Answer]],
) -> Callable[Concatenate[AsyncLikewise, Parameters], Coroutine[Any, Any, Answer]]:
    """Return the coroutine function that sends a call."""

    async def method(
        self: AsyncLikewise, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Answer:
        return await self._send(build(self._calls, *args, **kwargs))

    _describe(method, build)
    return method


def _describe(method: Callable[..., Any], build: Callable[..., Call[Any]]) -> None:
    """Give a method the name, the docstring and the signature of the call that it sends."""
    signature = inspect.signature(build, eval_str=True)
    (answer,) = get_args(signature.return_annotation)
    update_wrapper(method, build)
    vars(method)["__signature__"] = signature.replace(return_annotation=answer)


class Likewise(_Client[httpx.Client]):
    """A client of a service, one call at a time.

        with Likewise("http://127.0.0.1:8000") as service:
            service.verify("ann-1.jpg", "ann-2.jpg").same

    Threads may share one. Every method raises `LikewiseClientError`: `ServiceProblem` if the
    service refuses, `Unreachable` if it cannot be reached, `UnusableImage` if an image cannot be
    sent.
    """

    _http_client = httpx.Client
    _transport = httpx.HTTPTransport
    _retrying = Retrying

    verify = _sync(GalleryCalls.verify)
    embed = _sync(GalleryCalls.embed)
    compare = _sync(GalleryCalls.compare)
    preview = _sync(GalleryCalls.preview)
    models = _sync(GalleryCalls.models)
    model = _sync(GalleryCalls.model)
    ready = _sync(GalleryCalls.ready)
    galleries = _sync(GalleryCalls.galleries)
    create_gallery = _sync(GalleryCalls.create_gallery)
    erase_gallery = _sync(GalleryCalls.erase_gallery)
    swap_galleries = _sync(GalleryCalls.swap_galleries)
    enrol = _sync(GalleryCalls.enrol)
    enrol_embedding = _sync(GalleryCalls.enrol_embedding)
    identities = _sync(GalleryCalls.identities)
    identity = _sync(GalleryCalls.identity)
    erase = _sync(GalleryCalls.erase)
    neighbours = _sync(GalleryCalls.neighbours)
    identify = _sync(GalleryCalls.identify)
    verify_claim = _sync(GalleryCalls.verify_claim)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the open connections."""
        self._http.close()

    def _send(self, call: Call[Answer]) -> Answer:
        answers = []
        for content in call.contents:
            with self._translate_errors():
                response = self._http.request(call.method, call.path, **content)
            answers.append(call.answer(response))
        return call.join(answers)


class AsyncLikewise(_Client[httpx.AsyncClient]):
    """A client for asyncio: `async with AsyncLikewise(url) as service: await service.verify(…)`."""

    _http_client = httpx.AsyncClient
    _transport = httpx.AsyncHTTPTransport
    _retrying = AsyncRetrying

    verify = _async(GalleryCalls.verify)
    embed = _async(GalleryCalls.embed)
    compare = _async(GalleryCalls.compare)
    preview = _async(GalleryCalls.preview)
    models = _async(GalleryCalls.models)
    model = _async(GalleryCalls.model)
    ready = _async(GalleryCalls.ready)
    galleries = _async(GalleryCalls.galleries)
    create_gallery = _async(GalleryCalls.create_gallery)
    erase_gallery = _async(GalleryCalls.erase_gallery)
    swap_galleries = _async(GalleryCalls.swap_galleries)
    enrol = _async(GalleryCalls.enrol)
    enrol_embedding = _async(GalleryCalls.enrol_embedding)
    identities = _async(GalleryCalls.identities)
    identity = _async(GalleryCalls.identity)
    erase = _async(GalleryCalls.erase)
    neighbours = _async(GalleryCalls.neighbours)
    identify = _async(GalleryCalls.identify)
    verify_claim = _async(GalleryCalls.verify_claim)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the open connections."""
        await self._http.aclose()

    async def _send(self, call: Call[Answer]) -> Answer:
        answers = []
        for content in call.contents:
            with self._translate_errors():
                response = await self._http.request(call.method, call.path, **content)
            answers.append(call.answer(response))
        return call.join(answers)
