"""The calls of the service: each is a request, and a function that reads its answer.

Nothing here sends; `client` does, synchronously or for asyncio.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
import numpy as np
from numpy.typing import ArrayLike

from likewise_client.errors import BadAnswer, UnusableImage, problem_of
from likewise_client.images import File, Picture, to_file
from likewise_client.manifest import Manifest, ModelSummary
from likewise_client.parsing import parse
from likewise_client.results import Comparison, Embeddings, Model, OperatingPoint, Verification

IMAGES_A_CALL = 32
"""Most images that one call of /embed may send under the service's default settings."""
_UNREADABLE = (AttributeError, LookupError, OverflowError, TypeError, ValueError)

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """A request, and the reader of its answer.

    Attributes:
        method: Of HTTP.
        path: Below the address of the service.
        read: Return the value of a response of status 200.
        content: Further arguments of httpx's `request`.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], Answer]
    content: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, response: httpx.Response) -> Answer:
        """Return the value of a response whose body has been read.

        Raises:
            ServiceProblem: The service refused the call.
            BadAnswer: The response is not one of the service.
        """
        if response.is_error:
            raise problem_of(response.status_code, _problem_members(response.content))
        if response.status_code != httpx.codes.OK:
            raise BadAnswer(
                f"an answer of status {response.status_code} that is not of a Likewise service"
            )
        try:
            return self.read(response)
        except _UNREADABLE as error:
            raise BadAnswer(f"the answer is not one of a Likewise service: {error!r}") from error


def verify(
    image1: Picture,
    image2: Picture,
    *,
    model: str | None,
    threshold: float | None,
    fmr: float | None,
) -> Call[Verification]:
    """Return the call that compares two images."""
    files = [
        ("image1", _part("the first image", image1)),
        ("image2", _part("the second image", image2)),
    ]
    form = _without_none(model=model, threshold=threshold, fmr=fmr)
    return Call("POST", "/verify", _verification, {"files": files, "data": form})


def embed(
    images: Sequence[Picture], *, model: str | None, images_a_call: int
) -> list[Call[Embeddings]]:
    """Return the calls that embed images: as many as they need, in their order.

    Raises:
        UnusableImage: There is no image, or one cannot be sent.
    """
    parts = [("image", _part(f"image {row}", image)) for row, image in enumerate(images)]
    if not parts:
        raise UnusableImage("there is no image to embed")
    form = _without_none(model=model)
    batches = [
        parts[start : start + images_a_call] for start in range(0, len(parts), images_a_call)
    ]
    return [
        Call("POST", "/embed", _embeddings, {"files": batch, "data": form}) for batch in batches
    ]


def compare(
    probe: ArrayLike,
    gallery: ArrayLike,
    *,
    model: str | None,
    threshold: float | None,
    fmr: float | None,
) -> Call[Comparison]:
    """Return the call that compares embeddings; its body is one array, the probe in its first row.

    Raises:
        ValueError: The shapes are not (dim,) and (n, dim), with n at least 1.
    """
    content = {
        "content": _rows(probe, gallery),
        "headers": {"Content-Type": "application/x-npy"},
        "params": _without_none(model=model, threshold=threshold, fmr=fmr),
    }
    return Call("POST", "/compare", _comparison, content)


def preview(image: Picture, *, model: str | None) -> Call[bytes]:
    """Return the call that shows the model's input; its answer is the bytes of a PNG."""
    files = [("image", _part("the image", image))]
    content = {"files": files, "data": _without_none(model=model)}
    return Call("POST", "/preview", lambda response: response.content, content)


def list_models() -> Call[list[ModelSummary]]:
    """Return the call that lists the models."""
    return Call(
        "GET",
        "/models",
        lambda response: [ModelSummary.from_dict(model) for model in response.json()["models"]],
    )


def get_model(name: str) -> Call[Manifest]:
    """Return the call that describes one model."""
    return Call(
        "GET",
        f"/models/{quote(name, safe='')}",
        lambda response: Manifest.from_dict(response.json()),
    )


def readyz() -> Call[str]:
    """Return the call that checks readiness."""
    return Call("GET", "/readyz", lambda response: str(response.json()["status"]))


def joined(answers: Sequence[Embeddings]) -> Embeddings:
    """Return the embeddings of several calls as one array.

    Raises:
        BadAnswer: The model was changed between two calls.
    """
    if len({answer.model for answer in answers}) > 1:
        raise BadAnswer("the service changed its model between two calls; embed the images again")
    return Embeddings(np.concatenate([answer.vectors for answer in answers]), answers[0].model)


def _rows(probe: ArrayLike, gallery: ArrayLike) -> bytes:
    kind = np.uint8 if np.asarray(probe).dtype == np.uint8 else np.float32
    one, many = np.asarray(probe, kind), np.asarray(gallery, kind)
    if one.ndim != 1 or many.ndim != 2 or not len(many) or one.shape != many.shape[1:]:  # noqa: PLR2004
        raise ValueError(
            f"a probe of shape (dim,) is compared with a gallery of shape (n, dim), n at least 1; "
            f"these are {one.shape} and {many.shape}"
        )
    file = io.BytesIO()
    np.save(file, np.concatenate([one[None], many]), allow_pickle=False)
    return file.getvalue()


def _verification(response: httpx.Response) -> Verification:
    value: Verification = parse(Verification, response.json())
    return value


def _embeddings(response: httpx.Response) -> Embeddings:
    members = response.json()
    rows = members["embeddings"]
    is_codes = all(isinstance(value, int) for value in rows[0])
    vectors = np.asarray(rows, np.uint8 if is_codes else np.float32)
    return Embeddings(vectors, parse(Model, members["model"]))


def _comparison(response: httpx.Response) -> Comparison:
    members = response.json()
    return Comparison(
        energies=np.asarray(members["energies"], np.float32),
        same=np.asarray(parse(tuple[bool, ...], members["same"]), np.bool_),
        threshold=parse(float, members["threshold"]),
        operating_point=parse(OperatingPoint, members["operating_point"]),
        model=parse(Model, members["model"]),
    )


def _part(label: str, image: Picture) -> File:
    try:
        return to_file(image)
    except UnusableImage as error:
        raise UnusableImage(f"{label}: {error}") from error


def _without_none(**values: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: value for name, value in values.items() if value is not None}


def _problem_members(content: bytes) -> dict[str, Any]:
    """Return the members of a problem; none where a gateway's own page stands in its place."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
