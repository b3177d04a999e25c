"""The embeddings of what was sent, with their domain check, as a job of a runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from app.api.galleries.bodies import Sent
from app.batching.batch_runner import Encoded, EncodeJob, Job
from app.catalog.catalog import ServedModel
from app.decision import to_vectors
from app.domain import DomainResult, GalleryCheck, check_images
from app.errors import ModelChangedError
from app.gallery.records import Enrolment, Rows
from app.templates import rule_of
from app.worker.service import Service
from model.locating.locator import Found
from model.manifest import Manifest
from model.templates import template


@dataclass(frozen=True)
class Probe:
    """The thing that was sent, as the model sees it.

    Attributes:
        embeddings: Shape (images, dim).
        domain: Domain check of the images, or of their embeddings.
        located: The things in the images; None where embeddings were sent, or by a model without a
            locator.
    """

    embeddings: Rows
    domain: DomainResult
    located: tuple[Found, ...] | None = None

    def enrolment(self, manifest: Manifest) -> Enrolment:
        """Return the template that is stored (decision 43).

        Raises:
            TemplateSizeError: There are several images, and the bundle has no rule for them.
        """
        if len(self.embeddings) == 1:
            return Enrolment(1, self.embeddings[0])
        combined = template(rule_of(manifest), self.embeddings)
        return Enrolment(len(self.embeddings), combined)


def probe_job(
    service: Service,
    model: ServedModel,
    sent: Sent[Any],
    answer: Callable[[Probe], Any],
) -> Job:
    """Make the job that computes the answer from what was sent.

    Raises:
        ModelChangedError: The embeddings are of another model than the gallery's.
        ParameterError: The choice of a thing in the images cannot be used.
    """
    if sent.rows is None:
        of_images = partial(_of_images, service, model, sent, answer)
        trace = service.telemetry.trace()
        aims = sent.choices.aims(model.manifest, len(sent.images))
        return EncodeJob(model, sent.images, service.image_limits, of_images, trace, aims)
    manifest = model.manifest
    sent.choices.check_for_embeddings()
    if sent.sha256 != manifest.onnx.sha256:
        raise ModelChangedError(
            f"the embedding is of the model {sent.sha256[:12]}…, and the gallery's is "
            f"{manifest.name} {manifest.version}, {manifest.onnx.sha256[:12]}…; embed the images "
            "with that one"
        )
    return partial(_of_rows, model, sent, answer)


def _of_images(
    service: Service,
    model: ServedModel,
    sent: Sent[Any],
    answer: Callable[[Probe], Any],
    encoded: Encoded,
) -> Any:  # noqa: ANN401 (the job's result)
    names = [file.name for file in sent.images]
    domain = check_images(model.domain, model.manifest, names, encoded.percentiles)
    service.telemetry.checked(model.manifest, domain)
    return answer(Probe(encoded.embeddings, domain, encoded.located))


def _of_rows(model: ServedModel, sent: Sent[Any], answer: Callable[[Probe], Any]) -> Any:  # noqa: ANN401 (the job's result)
    rows = np.empty((0, 0)) if sent.rows is None else sent.rows
    vectors = to_vectors(model.manifest, rows, "embedding")
    domain = GalleryCheck(model.domain, model.manifest, vectors, 0).result().probe
    return answer(Probe(vectors, domain))
