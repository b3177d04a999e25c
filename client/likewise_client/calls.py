"""Bodies of calls, and values of answers: all that is neither synchronous nor asynchronous."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, TypeVar

import httpx
import numpy as np
from numpy.typing import ArrayLike

from likewise_client.errors import BadAnswer, UnusableImage, problem_of
from likewise_client.generated.models import (
    CompareAnswer,
    EmbedAnswer,
    EmbedFilesBody,
    Manifest,
    ModelList,
    ModelReference,
    ModelSummary,
    OperatingPointAnswer,
    PreviewFilesBody,
    VerifyAnswer,
    VerifyFilesBody,
)
from likewise_client.generated.types import UNSET, File, Response, Unset
from likewise_client.images import Picture, to_file
from likewise_client.results import (
    Comparison,
    Embeddings,
    Model,
    OperatingPoint,
    Verification,
)

IMAGES_A_CALL = 32
"""What the service takes in one call of /embed unless it is told otherwise."""
_REFUSAL = 400

Given = TypeVar("Given")


def given(value: Given | None) -> Given | Unset:
    """What the generated part calls a value that may be left out."""
    return UNSET if value is None else value


def verify_body(
    image1: Picture,
    image2: Picture,
    model: str | None,
    threshold: float | None,
    fmr: float | None,
) -> VerifyFilesBody:
    """The body of /verify."""
    return VerifyFilesBody(
        image1=_named("the first image", image1),
        image2=_named("the second image", image2),
        model=given(model),
        threshold=given(threshold),
        fmr=given(fmr),
    )


def embed_bodies(images: Sequence[Picture], model: str | None, most: int) -> list[EmbedFilesBody]:
    """The bodies of as many calls of /embed as the images need, in their order.

    Raises:
        UnusableImage: There is none, or one cannot be sent.
    """
    files = [_named(f"image {row}", image) for row, image in enumerate(images)]
    if not files:
        raise UnusableImage("there is no image to embed")
    return [
        EmbedFilesBody(image=files[start : start + most], model=given(model))
        for start in range(0, len(files), most)
    ]


def preview_body(image: Picture, model: str | None) -> PreviewFilesBody:
    """The body of /preview."""
    return PreviewFilesBody(image=_named("the image", image), model=given(model))


def compare_body(probe: ArrayLike, gallery: ArrayLike) -> File:
    """The body of /compare: one array, the probe in its first row.

    Raises:
        ValueError: The shapes are not (dim,) and (n, dim), with n at least 1.
    """
    kind = np.uint8 if np.asarray(probe).dtype == np.uint8 else np.float32
    one, many = np.asarray(probe, kind), np.asarray(gallery, kind)
    if one.ndim != 1 or many.ndim != 2 or not len(many) or one.shape != many.shape[1:]:  # noqa: PLR2004
        raise ValueError(
            f"a probe of shape (dim,) is compared with a gallery of shape (n, dim), n at least 1; "
            f"these are {one.shape} and {many.shape}"
        )
    file = io.BytesIO()
    np.save(file, np.concatenate([one[None], many]), allow_pickle=False)
    return File(payload=file.getvalue())  # type: ignore[arg-type] # bytes, as in `to_file`


def verification(response: Response[Any]) -> Verification:
    """The value of an answer of /verify."""
    told: VerifyAnswer = _parsed(response, VerifyAnswer)
    return Verification(
        same=told.same,
        energy=told.energy,
        threshold=told.threshold,
        operating_point=_point(told.operating_point),
        likelihood_ratio=told.likelihood_ratio,
        model=_model(told.model),
    )


def embeddings(responses: Sequence[Response[Any]]) -> Embeddings:
    """The value of the answers of one or several calls of /embed.

    Raises:
        BadAnswer: The model was changed between two calls.
    """
    told: list[EmbedAnswer] = [_parsed(response, EmbedAnswer) for response in responses]
    models = {_model(answer.model) for answer in told}
    if len(models) > 1:
        raise BadAnswer("the service changed its model between two calls; embed the images again")
    rows = [row for answer in told for row in answer.embeddings]
    codes = all(isinstance(value, int) for value in rows[0])
    return Embeddings(np.asarray(rows, np.uint8 if codes else np.float32), models.pop())


def comparison(response: Response[Any]) -> Comparison:
    """The value of an answer of /compare."""
    told: CompareAnswer = _parsed(response, CompareAnswer)
    return Comparison(
        energies=np.asarray(told.energies, np.float32),
        same=np.asarray(told.same, np.bool_),
        threshold=told.threshold,
        operating_point=_point(told.operating_point),
        model=_model(told.model),
    )


def picture(response: Response[Any]) -> bytes:
    """The PNG of an answer of /preview."""
    _parsed(response, File)
    return response.content


def summaries(response: Response[Any]) -> list[ModelSummary]:
    """The models of an answer of /models."""
    told: ModelList = _parsed(response, ModelList)
    return told.models


def manifest(response: Response[Any]) -> Manifest:
    """The manifest of an answer of /models/{name}."""
    told: Manifest = _parsed(response, Manifest)
    return told


def refuse(response: httpx.Response) -> None:
    """Raise what an answer, read already, refuses; in its own words where they can be read.

    Raises:
        ServiceProblem: Of the class that fits.
    """
    if response.status_code >= _REFUSAL:
        raise problem_of(response.status_code, _members(response.content))


def unreadable(error: Exception) -> BadAnswer:
    """For an answer that the generated part cannot read."""
    return BadAnswer(f"the answer is not one of a Likewise service: {error!r}")


UNREADABLE = (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError)
REFUSED = (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol)


def _parsed(response: Response[Any], kind: type) -> Any:  # noqa: ANN401 (one of `kind`)
    if isinstance(response.parsed, kind):
        return response.parsed
    raise BadAnswer(f"an answer of status {response.status_code} that is not of a Likewise service")


def _members(content: bytes) -> dict[str, Any]:
    """What a problem says; a gateway's own page says nothing that is of use."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(what: str, image: Picture) -> File:
    try:
        return to_file(image)
    except UnusableImage as error:
        raise UnusableImage(f"{what}: {error}") from error


def _point(told: OperatingPointAnswer) -> OperatingPoint:
    return OperatingPoint(
        target_fmr=told.target_fmr,
        fmr=told.fmr,
        fmr_interval=_interval(told.fmr_interval),
        fnmr=told.fnmr,
        fnmr_interval=_interval(told.fnmr_interval),
    )


def _interval(ends: Sequence[Any]) -> tuple[float, float]:
    low, high = ends
    return float(low), float(high)


def _model(told: ModelReference) -> Model:
    return Model(told.name, told.version, told.sha256)
