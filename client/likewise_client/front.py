"""`Likewise` and `AsyncLikewise`: the calls of a service, one method each.

Both only send; what is sent and what the answer means is `calls`, and asking again is `retrying`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from numpy.typing import ArrayLike

from likewise_client import calls
from likewise_client.errors import Overloaded, Unreachable
from likewise_client.generated.api.decisions import compare, verify
from likewise_client.generated.api.embeddings import embed
from likewise_client.generated.api.health import readyz
from likewise_client.generated.api.images import preview
from likewise_client.generated.api.models import get_model, list_models
from likewise_client.generated.client import Client
from likewise_client.generated.models import Manifest, ModelSummary
from likewise_client.images import Picture
from likewise_client.results import Comparison, Embeddings, Verification
from likewise_client.retrying import AsyncRetrying, Patience, Retrying

TIMEOUT_S = 30.0
CONNECT_S = 5.0


class _Front(ABC):
    """What both have: the address, the key, the model that is asked unless another is named."""

    def __init__(  # noqa: PLR0913 (all but the address are rarely given)
        self,
        url: str,
        api_key: str | None = None,
        *,
        model: str | None = None,
        timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None,
        transport: Any = None,  # noqa: ANN401 (httpx's, of either kind)
    ) -> None:
        """Say where the service is; nothing is sent yet.

        Args:
            url: Of the service, with the prefix of its gateway if there is one.
            api_key: Sent with each call, where the service asks for one.
            model: Asked where a call names none; None: the service's default.
            timeout_s: The longest that one try may take, in seconds; connecting takes 5 at most.
            patience: How often a call is tried again; see `Patience`.
            transport: In place of the network, as `in_process` gives one.

        Raises:
            ValueError: The URL is none.
        """
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
            raise ValueError(f"{url!r} is no address of a service; give one as http://host:8000")
        self._url, self._model = url.rstrip("/"), model
        headers = {} if api_key is None else {"X-API-Key": api_key}
        self._generated = Client(
            base_url=self._url,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
            httpx_args={
                "transport": self._transport(transport, patience or Patience()),
                "event_hooks": {"response": [self._refused]},
            },
        )

    @abstractmethod
    def _transport(self, inner: Any, patience: Patience) -> Any:  # noqa: ANN401
        """What tries again, around the network or what stands in its place."""

    @staticmethod
    @abstractmethod
    def _refused(response: httpx.Response) -> Any:  # noqa: ANN401 (nothing, or soon nothing)
        """Read an answer, and raise what it refuses."""

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the transport and the generated part raise into errors of the tree."""
        try:
            yield
        except calls.REFUSED as error:
            what = str(error) or type(error).__name__
            raise Unreachable(f"{self._url} cannot be reached: {what}") from error
        except calls.UNREADABLE as error:
            raise calls.unreadable(error) from error

    def _chosen(self, model: str | None) -> str | None:
        return self._model if model is None else model


class Likewise(_Front):
    """A service, asked one call at a time.

        with Likewise("http://127.0.0.1:8000") as service:
            service.verify("ann-1.jpg", "ann-2.jpg").same

    Threads may share one. Every method raises `LikewiseClientError`: `ServiceProblem` where the
    service refuses, `Unreachable` where nobody answers, `UnusableImage` for what is no image.
    """

    def _transport(self, inner: httpx.BaseTransport | None, patience: Patience) -> Retrying:
        return Retrying(inner or httpx.HTTPTransport(), patience)

    @staticmethod
    def _refused(response: httpx.Response) -> None:
        response.read()
        calls.refuse(response)

    def __enter__(self) -> Self:
        """Open connections are kept until the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self._generated.get_httpx_client().close()

    def verify(
        self,
        image1: Picture,
        image2: Picture,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Verification:
        """Ask whether two images show the same thing.

        Args:
            image1: A path, the bytes of an image file, an open file, a PIL image, or pixels as
                uint8 of shape (height, width[, 3 or 4]).
            image2: The other one.
            fmr: A supported target false match rate; None: the model's default.
            threshold: Your own, which goes before `fmr`.
            model: In place of the client's.
        """
        body = calls.verify_body(image1, image2, self._chosen(model), threshold, fmr)
        with self._told():
            return calls.verification(verify.sync_detailed(client=self._generated, body=body))

    def embed(
        self,
        images: Sequence[Picture],
        *,
        model: str | None = None,
        images_a_call: int = calls.IMAGES_A_CALL,
    ) -> Embeddings:
        """Ask for the embedding of each image, in their order.

        Args:
            images: Each as in `verify`. They are read before the first call.
            model: In place of the client's.
            images_a_call: More images are sent in several calls of so many.
        """
        bodies = calls.embed_bodies(images, self._chosen(model), images_a_call)
        with self._told():
            return calls.embeddings(
                [embed.sync_detailed(client=self._generated, body=body) for body in bodies]
            )

    def compare(
        self,
        probe: ArrayLike,
        gallery: ArrayLike,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Comparison:
        """Compare one embedding, shape (dim,), with many, shape (n, dim); as `verify` otherwise."""
        body = calls.compare_body(probe, gallery)
        choices = {"model": self._chosen(model), "threshold": threshold, "fmr": fmr}
        with self._told():
            return calls.comparison(
                compare.sync_detailed(client=self._generated, body=body, **_given(choices))
            )

    def preview(self, image: Picture, *, model: str | None = None) -> bytes:
        """What the model is given of an image, as the bytes of a PNG."""
        body = calls.preview_body(image, self._chosen(model))
        with self._told():
            return calls.picture(preview.sync_detailed(client=self._generated, body=body))

    def models(self) -> list[ModelSummary]:
        """The models of the service, with their operating points."""
        with self._told():
            return calls.summaries(list_models.sync_detailed(client=self._generated))

    def model(self, name: str) -> Manifest:
        """All that is known of a model: calibration, accuracy, provenance and card."""
        with self._told():
            return calls.manifest(get_model.sync_detailed(name, client=self._generated))

    def ready(self) -> bool:
        """Whether the service can answer now."""
        with self._told(), suppress(Overloaded):
            readyz.sync_detailed(client=self._generated)
            return True
        return False


class AsyncLikewise(_Front):
    """The same for asyncio: `async with AsyncLikewise(url) as service: await service.verify(…)`."""

    def _transport(
        self, inner: httpx.AsyncBaseTransport | None, patience: Patience
    ) -> AsyncRetrying:
        return AsyncRetrying(inner or httpx.AsyncHTTPTransport(), patience)

    @staticmethod
    async def _refused(response: httpx.Response) -> None:
        await response.aread()
        calls.refuse(response)

    async def __aenter__(self) -> Self:
        """Open connections are kept until the end."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        await self.close()

    async def close(self) -> None:
        """Close what is open."""
        await self._generated.get_async_httpx_client().aclose()

    async def verify(
        self,
        image1: Picture,
        image2: Picture,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Verification:
        """As `Likewise.verify`."""
        body = calls.verify_body(image1, image2, self._chosen(model), threshold, fmr)
        with self._told():
            answer = await verify.asyncio_detailed(client=self._generated, body=body)
            return calls.verification(answer)

    async def embed(
        self,
        images: Sequence[Picture],
        *,
        model: str | None = None,
        images_a_call: int = calls.IMAGES_A_CALL,
    ) -> Embeddings:
        """As `Likewise.embed`; one call after the other, so that the order is kept."""
        bodies = calls.embed_bodies(images, self._chosen(model), images_a_call)
        with self._told():
            return calls.embeddings(
                [await embed.asyncio_detailed(client=self._generated, body=body) for body in bodies]
            )

    async def compare(
        self,
        probe: ArrayLike,
        gallery: ArrayLike,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        model: str | None = None,
    ) -> Comparison:
        """As `Likewise.compare`."""
        body = calls.compare_body(probe, gallery)
        choices = {"model": self._chosen(model), "threshold": threshold, "fmr": fmr}
        with self._told():
            answer = await compare.asyncio_detailed(
                client=self._generated, body=body, **_given(choices)
            )
            return calls.comparison(answer)

    async def preview(self, image: Picture, *, model: str | None = None) -> bytes:
        """As `Likewise.preview`."""
        body = calls.preview_body(image, self._chosen(model))
        with self._told():
            return calls.picture(await preview.asyncio_detailed(client=self._generated, body=body))

    async def models(self) -> list[ModelSummary]:
        """As `Likewise.models`."""
        with self._told():
            return calls.summaries(await list_models.asyncio_detailed(client=self._generated))

    async def model(self, name: str) -> Manifest:
        """As `Likewise.model`."""
        with self._told():
            return calls.manifest(await get_model.asyncio_detailed(name, client=self._generated))

    async def ready(self) -> bool:
        """As `Likewise.ready`."""
        with self._told(), suppress(Overloaded):
            await readyz.asyncio_detailed(client=self._generated)
            return True
        return False


def _given(choices: dict[str, Any]) -> dict[str, Any]:
    return {name: calls.given(value) for name, value in choices.items()}
