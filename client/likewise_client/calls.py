"""The calls of the service: each is a request, and a function that reads its answer.

Nothing here sends; `client` does, synchronously or for asyncio.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

import httpx
import numpy as np
from numpy.typing import ArrayLike

from likewise_client import answers
from likewise_client.errors import BadAnswer, Overloaded, UnusableImage, problem_of
from likewise_client.images import File, Picture, Pictures, refuse_one_image, to_file
from likewise_client.location import FivePoints, Pick
from likewise_client.manifest import Manifest, ModelSummary
from likewise_client.results import Comparison, Embeddings, Verification

IMAGES_A_CALL = 32
"""Most images that one call of /embed may send under the service's default settings."""
_UNREADABLE = (AttributeError, LookupError, OverflowError, TypeError, ValueError)

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request or several, and the reader of their answers.

    Attributes:
        method: Of HTTP.
        path: Below the address of the service.
        read: Return the value of a response of status 200.
        contents: Further arguments of httpx's `request`, for each request.
        join: Return one value for those of all requests.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], Answer]
    contents: Sequence[Mapping[str, Any]] = ({},)
    join: Callable[[Sequence[Answer]], Answer] = itemgetter(0)

    def answer(self, response: httpx.Response) -> Answer:
        """Return the value of a response whose body has been read.

        Raises:
            ServiceProblem: The service refused the call.
            BadAnswer: The response is not one of the service.
        """
        if response.is_error:
            raise problem_of(response.status_code, response.content)
        if response.status_code != httpx.codes.OK:
            raise BadAnswer(
                f"an answer of status {response.status_code} that is not of a Likewise service"
            )
        try:
            return self.read(response)
        except _UNREADABLE as error:
            raise BadAnswer(f"the answer is not one of a Likewise service: {error!r}") from error


class _Readiness(Call[bool]):
    """The call of a service that may not be ready."""

    def answer(self, response: httpx.Response) -> bool:
        try:
            return super().answer(response)
        except Overloaded:
            return False


@dataclass(frozen=True)
class Calls:
    """The calls of a client, documented for its users.

    Attributes:
        default_model: Used where a call names no model; None: the service's default.
    """

    default_model: str | None

    def verify(  # noqa: PLR0913 (the parameters of /verify)
        self,
        image1: Pictures,
        image2: Pictures,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        fnmr: float | None = None,
        cost_false_match: float | None = None,
        cost_false_non_match: float | None = None,
        prior: float | None = None,
        face: Pick | None = None,
        landmarks1: FivePoints | None = None,
        landmarks2: FivePoints | None = None,
        model: str | None = None,
    ) -> Call[Verification]:
        """Decide whether two images show the same thing.

        Args:
            image1: A path, the bytes of an image file, an open file, a PIL image, or pixels as
                uint8 of shape (height, width[, 3 or 4]); or a list of several images of one thing.
            image2: The other image or images, in any of these forms.
            fmr: A supported target false match rate; None: the model's default.
            threshold: A threshold on the energy, used instead of `fmr`.
            fnmr: A target false non-match rate, with `fmr`; energies between the two are unsure.
            cost_false_match: Cost of calling different things the same; an unsure answer costs 1.
                `decision` is then the cheapest outcome. Without `threshold`, `fmr` and `fnmr`.
            cost_false_non_match: Cost of calling the same thing different; goes with the other.
            prior: Share of genuine pairs among yours, with the costs; None: 0.5.
            face: `largest` or `central`: which thing is compared where a model with a locator finds
                several; None: several are refused.
            landmarks1: Five landmarks (x, y) of your own detector, in place of such a model's: the
                eyes, the nose, the corners of the mouth, in pixels of the upright image.
            landmarks2: Those of the other image.
            model: Replaces the client's default model.
        """
        first, second = side("the first image", image1), side("the second image", image2)
        files = [("image1", file) for file in first] + [("image2", file) for file in second]
        costs = {"cost_false_match": cost_false_match, "cost_false_non_match": cost_false_non_match}
        form = self._fields(model, threshold=threshold, fmr=fmr, fnmr=fnmr, prior=prior, **costs)
        form |= located(face, landmarks1=landmarks1, landmarks2=landmarks2)
        return Call("POST", "/verify", answers.verification, [{"files": files, "data": form}])

    def embed(
        self,
        images: Sequence[Picture],
        *,
        face: Pick | None = None,
        landmarks: FivePoints | None = None,
        model: str | None = None,
        images_a_call: int = IMAGES_A_CALL,
    ) -> Call[Embeddings]:
        """Return the embedding of each image, in their order.

        Args:
            images: A list, each item as in `verify`. They are read before the first request. One
                image alone is refused: embed([image]).
            face: As in `verify`.
            landmarks: As in `verify`, where there is one image.
            model: Replaces the client's default model.
            images_a_call: Largest number of images in one request; more are sent in several,
                one after the other.
        """
        refuse_one_image(images)
        parts = [("image", part(f"image {row}", image)) for row, image in enumerate(images)]
        if not parts:
            raise UnusableImage("there is no image to embed")
        form = self._fields(model) | located(face, landmarks=landmarks)
        contents = [
            {"files": parts[start : start + images_a_call], "data": form}
            for start in range(0, len(parts), images_a_call)
        ]
        return Call("POST", "/embed", answers.embeddings, contents, answers.join)

    def compare(  # noqa: PLR0913 (the parameters of /compare)
        self,
        probe: ArrayLike,
        gallery: ArrayLike,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        fpir: float | None = None,
        sha256: str | None = None,
        model: str | None = None,
    ) -> Call[Comparison]:
        """Compare one embedding, shape (dim,), with many, shape (n, dim); else as `verify`.

        Args:
            probe: The embedding; several images of one thing as (images, dim).
            gallery: Those that it is compared with; several of each thing as (n, images, dim).
            fmr: As in `verify`.
            threshold: Used instead of `fpir` too.
            fpir: A supported target for the share of probes of nobody in the gallery that match
                any of its rows, instead of `fmr`. The threshold depends on n.
            sha256: The `model.sha256` of the embeddings; those of another graph are refused.
            model: Replaces the client's default model.

        Raises:
            ValueError: The shapes are not these, or n is 0.
        """
        rows, *images = _rows(probe, gallery)
        names = ("probe_images", "gallery_images")
        several = {name: count for name, count in zip(names, images, strict=True) if count > 1}
        content = {
            "content": rows,
            "headers": {"Content-Type": "application/x-npy"},
            "params": self._fields(
                model, threshold=threshold, fmr=fmr, fpir=fpir, sha256=sha256, **several
            ),
        }
        return Call("POST", "/compare", answers.comparison, [content])

    def preview(
        self,
        image: Picture,
        *,
        face: Pick | None = None,
        landmarks: FivePoints | None = None,
        model: str | None = None,
    ) -> Call[bytes]:
        """Return the model's input for an image, as the bytes of a PNG; else as `embed`."""
        form = self._fields(model) | located(face, landmarks=landmarks)
        content = {"files": [("image", part("the image", image))], "data": form}
        return Call("POST", "/preview", lambda response: response.content, [content])

    def models(self) -> Call[list[ModelSummary]]:
        """Return the models of the service, with their operating points."""
        return Call(
            "GET",
            "/models",
            lambda response: [ModelSummary.from_dict(model) for model in response.json()["models"]],
        )

    def model(self, name: str) -> Call[Manifest]:
        """Return the manifest of a model: calibration, accuracy, provenance and card."""
        return Call(
            "GET",
            f"/models/{quote(name, safe='')}",
            lambda response: Manifest.from_dict(response.json()),
        )

    def ready(self) -> Call[bool]:
        """Return whether the service can answer now."""
        return _Readiness("GET", "/readyz", lambda response: bool(response.json()["status"]))

    def _fields(self, model: str | None, **choice: float | str | None) -> dict[str, Any]:
        given = {"model": self.default_model if model is None else model, **choice}
        return {name: value for name, value in given.items() if value is not None}


def located(face: Pick | None, **landmarks: FivePoints | None) -> dict[str, str]:
    """Return the form's fields for a model with a locator."""
    sent = {name: points for name, points in landmarks.items() if points is not None}
    fields = {name: json.dumps(np.asarray(points).tolist()) for name, points in sent.items()}
    return fields if face is None else {"face": face, **fields}


def _rows(probe: ArrayLike, gallery: ArrayLike) -> tuple[bytes, int, int]:
    """Return the file of all rows, and the numbers of images of the probe and in the gallery."""
    kind = np.uint8 if np.asarray(probe).dtype == np.uint8 else np.float32
    one, many = np.asarray(probe, kind), np.asarray(gallery, kind)
    fits = one.ndim in {1, 2} and many.ndim in {2, 3} and one.shape[-1:] == many.shape[-1:]
    if not fits or not one.size or not many.size:
        raise ValueError(
            f"a probe of shape (dim,) or (images, dim) is compared with a gallery of shape "
            f"(n, dim) or (n, images, dim), n at least 1; these are {one.shape} and {many.shape}"
        )
    probes, rows = one.reshape(-1, one.shape[-1]), many.reshape(-1, many.shape[-1])
    file = io.BytesIO()
    np.save(file, np.concatenate([probes, rows]), allow_pickle=False)
    return file.getvalue(), len(probes), len(rows) // len(many)


def side(label: str, images: Pictures) -> list[File]:
    """Return the files of one side: of one image, or of a list of several."""
    if not isinstance(images, list | tuple):
        return [part(label, cast(Picture, images))]
    if not images:
        raise UnusableImage(f"{label}: an empty list")
    return [part(f"{label}, number {row}", image) for row, image in enumerate(images, 1)]


def part(label: str, image: Picture) -> File:
    """Return the file of an image; the message of an error begins with the label."""
    try:
        return to_file(image)
    except UnusableImage as error:
        raise UnusableImage(f"{label}: {error}") from error
