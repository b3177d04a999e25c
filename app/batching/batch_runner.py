"""Execution of a batch of jobs: decode each, encode them together, answer each.

Errors are per job: an image that cannot be decoded fails its own job only, and if the encoder
refuses a batch, each of its jobs is tried alone, so that one bad image fails no other job.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.batching.image_input import ImageFile, InputImages, Search, to_input
from app.batching.job import Failed, IsCancelled
from app.catalog.catalog import ServedModel
from app.encoders.port import Encoder
from app.telemetry.telemetry import Telemetry
from app.telemetry.traces import Trace
from model.errors import NothingLocatedError, SeveralLocatedError
from model.locating.locator import Aim, Found
from model.manifest import Manifest
from model.preprocessing import ImageLimits


@dataclass(frozen=True)
class Encoded:
    """Results of a model for the images of a job.

    Attributes:
        embeddings: (images, dim).
        percentiles: Domain check, float64 (images,), in [0, 1); None of a model without one.
        located: What each image shows; None of a model without a locator.
    """

    embeddings: NDArray[Any]
    percentiles: NDArray[np.float64] | None
    located: tuple[Found, ...] | None = None


@dataclass(frozen=True)
class EncodeJob:
    """Images to encode, and a function from their embeddings to the job's result.

    Attributes:
        model: The model that encodes the images.
        files: The images as they were sent.
        limits: The limits of one image's size.
        answer: Computes the job's result from what the model gives for the images.
        trace: The trace of the request, if it is traced.
        aims: How the thing in each image is chosen; None of a model without a locator.
    """

    model: ServedModel
    files: tuple[ImageFile, ...]
    limits: ImageLimits
    answer: Callable[[Encoded], Any]
    trace: Trace | None = None
    aims: tuple[Aim, ...] | None = None

    def decode(self, is_cancelled: IsCancelled) -> InputImages:
        """Decode the images to the graph's input.

        Raises:
            ImageError: An image cannot be used; the message begins with its name.
            ClientGoneError: The job is cancelled.
        """
        search = Search.of(self.model.locator, self.aims, len(self.files))
        return to_input(self.files, self.model.manifest.input, search, self.limits, is_cancelled)


Job = EncodeJob | Callable[[], Any]
"""Work for a runner: images to encode, or a function that runs on its own."""


@dataclass
class _Decoded:
    """A job whose images are decoded, and its index in the batch."""

    index: int
    job: EncodeJob
    images: InputImages


class BatchRunner:
    """Runner of batches of jobs, in any mixture of models.

    Attributes:
        max_batch: The maximum number of images in one run of a graph.
    """

    def __init__(self, max_batch: int, telemetry: Telemetry | None = None) -> None:
        self.max_batch = max_batch
        self._telemetry = Telemetry() if telemetry is None else telemetry

    def size_of(self, job: Job) -> int:
        """Number of images of a job; a function counts as a whole batch."""
        return len(job.files) if isinstance(job, EncodeJob) else self.max_batch

    def run(self, jobs: Sequence[Job], is_cancelled: Sequence[IsCancelled]) -> list[Any]:
        """Return one outcome for each job, in their order: its result, or `Failed`.

        Args:
            jobs: The batch.
            is_cancelled: For each job, whether it is cancelled.
        """
        outcomes: list[Any] = [None] * len(jobs)
        by_model: dict[int, list[_Decoded]] = defaultdict(list)
        for index, (job, cancelled) in enumerate(zip(jobs, is_cancelled, strict=True)):
            step = partial(self._decode, job, cancelled) if isinstance(job, EncodeJob) else job
            first = attempt(step)
            if isinstance(job, EncodeJob) and not isinstance(first, Failed):
                by_model[id(job.model)].append(_Decoded(index, job, first))
            else:
                outcomes[index] = first
        for group in by_model.values():
            for decoded, outcome in zip(group, self._answers(group), strict=True):
                outcomes[decoded.index] = outcome
        return outcomes

    def _answers(self, group: list[_Decoded]) -> list[Any]:
        """Encode the images of several jobs of one model, and answer each job."""
        together = attempt(partial(self._encode, group))
        if not isinstance(together, Failed):
            return [
                attempt(partial(decoded.job.answer, encoded))
                for decoded, encoded in zip(group, together, strict=True)
            ]
        if len(group) == 1:
            return [together]
        return [self._answers([decoded])[0] for decoded in group]

    def _decode(self, job: EncodeJob, is_cancelled: IsCancelled) -> InputImages:
        step = partial(job.decode, is_cancelled)
        return decode_recorded(step, job.model.manifest, self._telemetry, job.trace)

    def _encode(self, group: list[_Decoded]) -> list[Encoded]:
        """Embed the images of several jobs, at most `max_batch` in one run of the graph.

        Their domain is checked together, which takes half the time of one job after the other.
        """
        model = group[0].job.model
        traces = [decoded.job.trace for decoded in group]
        tensors = [decoded.images.pixels for decoded in group]
        images = tensors[0] if len(tensors) == 1 else np.concatenate(tensors)
        runs = [
            self._embed(model.encoder, images[start : start + self.max_batch], traces)
            for start in range(0, len(images), self.max_batch)
        ]
        embeddings = runs[0] if len(runs) == 1 else np.concatenate(runs)
        ends = list(accumulate(len(tensor) for tensor in tensors))
        parts = [slice(start, end) for start, end in pairwise([0, *ends])]
        checked = None if model.domain is None else model.domain.percentiles(images, embeddings)
        return [
            Encoded(
                embeddings[part],
                None if checked is None else checked[part],
                decoded.images.located,
            )
            for decoded, part in zip(group, parts, strict=True)
        ]

    def _embed(
        self, encoder: Encoder, images: NDArray[np.uint8], traces: Sequence[Trace | None]
    ) -> NDArray[Any]:
        began = perf_counter()
        embeddings = encoder.embed(images)
        self._telemetry.inferred(perf_counter() - began, len(images), traces)
        return embeddings


def decode_recorded(
    decode: Callable[[], InputImages],
    manifest: Manifest,
    telemetry: Telemetry,
    trace: Trace | None,
) -> InputImages:
    """Decode the images of a request; record the time, and what was located in them."""
    began = perf_counter()
    try:
        images = decode()
    except (NothingLocatedError, SeveralLocatedError) as error:
        telemetry.not_located(manifest, error)
        raise
    telemetry.decoded(perf_counter() - began, trace)
    if images.located is not None:
        telemetry.located(manifest, images.located)
    return images


def attempt(step: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever the step gives)
    """Return the result of a step, or `Failed` with its exception."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001 (the job's caller gets it)
        return Failed(error)
