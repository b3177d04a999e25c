"""What a runner does with a batch of jobs: decode each, encode them together, answer each.

Errors are per job: an image that cannot be decoded fails its own job, and where the encoder refuses
a batch, each job of it is tried alone, so that one bad image spoils nobody else's answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.batching.image_input import ImageFile, to_tensor
from app.batching.worker_pool import Failed, Wanted
from app.catalog.catalog import ServedModel
from app.encoders.port import Encoder
from app.telemetry.telemetry import Telemetry
from app.telemetry.traces import Trace
from model.preprocessing import ImageLimits


@dataclass(frozen=True)
class EncodeJob:
    """Images to be encoded, and what is made of their embeddings.

    Attributes:
        model: Encodes them.
        files: The images as they were sent.
        limits: The most that one of them may ask of us.
        answer: From the embeddings, (len(files), dim), to the job's result.
        trace: Of the request, where it is traced.
    """

    model: ServedModel
    files: tuple[ImageFile, ...]
    limits: ImageLimits
    answer: Callable[[NDArray[Any]], Any]
    trace: Trace | None = None

    def decode(self, wanted: Wanted) -> NDArray[np.uint8]:
        """The images as the graph takes them, uint8 (n, height, width, channels).

        Raises:
            ImageError: One cannot be used; the message begins with its name.
            ClientGoneError: Nobody waits for the answer any more.
        """
        return to_tensor(self.files, self.model.manifest.input, self.limits, wanted)


Job = EncodeJob | Callable[[], Any]
"""Work for a runner: images to be encoded, or a call that is made by itself."""


@dataclass
class _Decoded:
    """A job whose images are decoded, and its place in the batch."""

    place: int
    job: EncodeJob
    images: NDArray[np.uint8]


class BatchRunner:
    """Runs batches of jobs, in any mixture of models.

    Attributes:
        most: The most images in one run of a graph.
    """

    def __init__(self, most: int, telemetry: Telemetry | None = None) -> None:
        self.most = most
        self._telemetry = Telemetry() if telemetry is None else telemetry

    def weigh(self, job: Job) -> int:
        """The images of a job; a call counts as a whole batch."""
        return len(job.files) if isinstance(job, EncodeJob) else self.most

    def run(self, jobs: Sequence[Job], wanted: Sequence[Wanted]) -> list[Any]:
        """Give one outcome for each job, in their order: its result, or `Failed`.

        Args:
            jobs: The batch.
            wanted: Whether somebody still waits for each.
        """
        outcomes: list[Any] = [None] * len(jobs)
        by_model: dict[int, list[_Decoded]] = defaultdict(list)
        for place, (job, still) in enumerate(zip(jobs, wanted, strict=True)):
            step = partial(self._decode, job, still) if isinstance(job, EncodeJob) else job
            first = attempt(step)
            if isinstance(job, EncodeJob) and not isinstance(first, Failed):
                by_model[id(job.model)].append(_Decoded(place, job, first))
            else:
                outcomes[place] = first
        for group in by_model.values():
            for decoded, outcome in zip(group, self._answers(group), strict=True):
                outcomes[decoded.place] = outcome
        return outcomes

    def _answers(self, group: list[_Decoded]) -> list[Any]:
        """Encode the images of several jobs of one model, and answer each job."""
        together = attempt(partial(self._encode, group))
        if not isinstance(together, Failed):
            return [
                attempt(partial(decoded.job.answer, embeddings))
                for decoded, embeddings in zip(group, together, strict=True)
            ]
        if len(group) == 1:
            return [together]
        return [self._answers([decoded])[0] for decoded in group]

    def _decode(self, job: EncodeJob, wanted: Wanted) -> NDArray[np.uint8]:
        began = perf_counter()
        images = job.decode(wanted)
        self._telemetry.decoded(perf_counter() - began, job.trace)
        return images

    def _encode(self, group: list[_Decoded]) -> list[NDArray[Any]]:
        """The embeddings of each job's images; no run of the graph takes more than `most`."""
        encoder = group[0].job.model.encoder
        traces = [decoded.job.trace for decoded in group]
        tensors = [decoded.images for decoded in group]
        images = tensors[0] if len(tensors) == 1 else np.concatenate(tensors)
        runs = [
            self._embed(encoder, images[start : start + self.most], traces)
            for start in range(0, len(images), self.most)
        ]
        embeddings = runs[0] if len(runs) == 1 else np.concatenate(runs)
        ends = list(accumulate(len(tensor) for tensor in tensors))
        return [embeddings[start:end] for start, end in pairwise([0, *ends])]

    def _embed(
        self, encoder: Encoder, images: NDArray[np.uint8], traces: Sequence[Trace | None]
    ) -> NDArray[Any]:
        began = perf_counter()
        embeddings = encoder.embed(images)
        self._telemetry.inferred(perf_counter() - began, len(images), traces)
        return embeddings


def attempt(step: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever the step gives)
    """What a step gives, or `Failed` with what it raises."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001 (it belongs to the job, whose caller is told)
        return Failed(error)
