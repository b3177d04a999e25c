"""`Likewise` and `AsyncLikewise`: the calls of a service, one method each.

Both only send. Requests and answers are built in `calls`; `retrying` tries again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from numpy.typing import ArrayLike

from likewise_client import calls
from likewise_client.calls import Answer, Call
from likewise_client.errors import BadAnswer, Overloaded, Unreachable
from likewise_client.images import Picture
from likewise_client.manifest import Manifest, ModelSummary
from likewise_client.results import Comparison, Embeddings, Verification
from likewise_client.retrying import AsyncRetrying, Patience, Retrying

TIMEOUT_S = 30.0
CONNECT_S = 5.0

Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)


class _Client(ABC, Generic[Http]):
    """Shared base of both clients: address, API key and default model."""

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
        self._url, self._model = url.rstrip("/"), model
        headers = {
            "X-API-Key": api_key,
            "X-Deadline-Ms": None if deadline_s is None else str(1000 * deadline_s),
        }
        self._http: Http = self._connect(
            transport,
            patience or Patience(),
            base_url=self._url,
            headers={name: value for name, value in headers.items() if value is not None},
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
        )

    @abstractmethod
    def _connect(self, transport: Any, patience: Patience, **options: Any) -> Http:  # noqa: ANN401
        """Return httpx's client over a transport that tries again."""

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.DecodingError as error:
            raise BadAnswer(f"the answer cannot be decoded: {error}") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(f"{self._url} cannot be reached: {reason}") from error

    def _or_default(self, model: str | None) -> str | None:
        return self._model if model is None else model


class Likewise(_Client[httpx.Client]):
    """A client of a service, one call at a time.

        with Likewise("http://127.0.0.1:8000") as service:
            service.verify("ann-1.jpg", "ann-2.jpg").same

    Threads may share one. Every method raises `LikewiseClientError`: `ServiceProblem` if the
    service refuses, `Unreachable` if it cannot be reached, `UnusableImage` if an image cannot be
    sent.
    """

    def _connect(
        self,
        transport: httpx.BaseTransport | None,
        patience: Patience,
        **options: Any,  # noqa: ANN401
    ) -> httpx.Client:
        retrying = Retrying(transport or httpx.HTTPTransport(), patience)
        return httpx.Client(transport=retrying, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the open connections."""
        self._http.close()

    def verify(
        self,
        image1: Picture,
        image2: Picture,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Verification:
        """Decide whether two images show the same thing.

        Args:
            image1: A path, the bytes of an image file, an open file, a PIL image, or pixels as
                uint8 of shape (height, width[, 3 or 4]).
            image2: The other image, in any of these forms.
            fmr: A supported target false match rate; None: the model's default.
            threshold: A threshold on the energy, used instead of `fmr`.
            model: Replaces the client's default model.
        """
        model = self._or_default(model)
        return self._send(calls.verify(image1, image2, model=model, threshold=threshold, fmr=fmr))

    def embed(
        self,
        images: Sequence[Picture],
        *,
        model: str | None = None,
        images_a_call: int = calls.IMAGES_A_CALL,
    ) -> Embeddings:
        """Return the embedding of each image, in their order.

        Args:
            images: Each as in `verify`. They are read before the first call.
            model: Replaces the client's default model.
            images_a_call: Largest number of images in one call; more are sent in several.
        """
        batches = calls.embed(images, model=self._or_default(model), images_a_call=images_a_call)
        return calls.joined([self._send(call) for call in batches])

    def compare(
        self,
        probe: ArrayLike,
        gallery: ArrayLike,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Comparison:
        """Compare one embedding, shape (dim,), with many, shape (n, dim); else as `verify`."""
        model = self._or_default(model)
        return self._send(calls.compare(probe, gallery, model=model, threshold=threshold, fmr=fmr))

    def preview(self, image: Picture, *, model: str | None = None) -> bytes:
        """Return the model's input for an image, as the bytes of a PNG."""
        return self._send(calls.preview(image, model=self._or_default(model)))

    def models(self) -> list[ModelSummary]:
        """Return the models of the service, with their operating points."""
        return self._send(calls.list_models())

    def model(self, name: str) -> Manifest:
        """Return the manifest of a model: calibration, accuracy, provenance and card."""
        return self._send(calls.get_model(name))

    def ready(self) -> bool:
        """Return whether the service can answer now."""
        with suppress(Overloaded):
            self._send(calls.readyz())
            return True
        return False

    def _send(self, call: Call[Answer]) -> Answer:
        with self._translate_errors():
            response = self._http.request(call.method, call.path, **call.content)
        return call.answer(response)


class AsyncLikewise(_Client[httpx.AsyncClient]):
    """A client for asyncio: `async with AsyncLikewise(url) as service: await service.verify(…)`."""

    def _connect(
        self,
        transport: httpx.AsyncBaseTransport | None,
        patience: Patience,
        **options: Any,  # noqa: ANN401
    ) -> httpx.AsyncClient:
        retrying = AsyncRetrying(transport or httpx.AsyncHTTPTransport(), patience)
        return httpx.AsyncClient(transport=retrying, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the open connections."""
        await self._http.aclose()

    async def verify(
        self,
        image1: Picture,
        image2: Picture,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Verification:
        """Decide whether two images show the same thing, as `Likewise.verify`."""
        call = calls.verify(
            image1, image2, model=self._or_default(model), threshold=threshold, fmr=fmr
        )
        return await self._send(call)

    async def embed(
        self,
        images: Sequence[Picture],
        *,
        model: str | None = None,
        images_a_call: int = calls.IMAGES_A_CALL,
    ) -> Embeddings:
        """Return the embedding of each image, as `Likewise.embed`; calls are sequential."""
        batches = calls.embed(images, model=self._or_default(model), images_a_call=images_a_call)
        return calls.joined([await self._send(call) for call in batches])

    async def compare(
        self,
        probe: ArrayLike,
        gallery: ArrayLike,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Comparison:
        """Compare one embedding with many, as `Likewise.compare`."""
        call = calls.compare(
            probe, gallery, model=self._or_default(model), threshold=threshold, fmr=fmr
        )
        return await self._send(call)

    async def preview(self, image: Picture, *, model: str | None = None) -> bytes:
        """Return the model's input for an image, as `Likewise.preview`."""
        return await self._send(calls.preview(image, model=self._or_default(model)))

    async def models(self) -> list[ModelSummary]:
        """Return the models of the service, as `Likewise.models`."""
        return await self._send(calls.list_models())

    async def model(self, name: str) -> Manifest:
        """Return the manifest of a model, as `Likewise.model`."""
        return await self._send(calls.get_model(name))

    async def ready(self) -> bool:
        """Return whether the service can answer now, as `Likewise.ready`."""
        with suppress(Overloaded):
            await self._send(calls.readyz())
            return True
        return False

    async def _send(self, call: Call[Answer]) -> Answer:
        with self._translate_errors():
            response = await self._http.request(call.method, call.path, **call.content)
        return call.answer(response)
