"""Values that the store takes and returns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.manifest import Kind, Manifest, Metric, TemplateRule

Rows = NDArray[Any]


@dataclass(frozen=True)
class Encoding:
    """The bundle whose embeddings a gallery or a row holds.

    Attributes:
        model: Name of the bundle.
        version: Version of the bundle.
        sha256: SHA-256 of its graph.
        encoding_sha256: SHA-256 of all that embeddings depend on: the graph, the preprocessing, the
            locator, the metric and the rule for several images. Those of two different ones cannot
            be compared; a bundle that was only calibrated again keeps it.
        metric: Metric of the embeddings.
        dim: Numbers in an embedding; bytes of packed bits where the metric is Hamming.
    """

    model: str
    version: str
    sha256: str
    encoding_sha256: str
    metric: Metric
    dim: int

    @classmethod
    def of(cls, manifest: Manifest) -> Encoding:
        """Return the encoding of a bundle that has embeddings."""
        rule = None if manifest.templates is None else manifest.templates.rule
        depends_on: dict[str, Any] = {
            "graph": manifest.onnx.sha256,
            "input": manifest.input.model_dump(mode="json"),
            "kind": manifest.kind,
            "metric": manifest.metric,
            "dim": manifest.embedding_dim,
            "rule": rule or rule_of_one(manifest.kind),
        }
        if manifest.locator is not None:
            depends_on["locator"] = manifest.locator.model_dump(mode="json")
        text = json.dumps(depends_on, sort_keys=True, separators=(",", ":"))
        return cls(
            model=manifest.name,
            version=manifest.version,
            sha256=manifest.onnx.sha256,
            encoding_sha256=hashlib.sha256(text.encode()).hexdigest(),
            metric=manifest.metric,
            dim=manifest.embedding_dim,
        )

    @property
    def is_codes(self) -> bool:
        """True of packed bits."""
        return self.metric is Metric.HAMMING


def rule_of_one(kind: Kind) -> TemplateRule:
    """Return the rule by which a bundle without any stores the embedding of one image."""
    return TemplateRule.BIT_SHARES if kind is Kind.CODES else TemplateRule.MEAN


@dataclass(frozen=True)
class Gallery:
    """A gallery.

    Attributes:
        name: Its name.
        encoding: The bundle that it was made for.
        created: When, in UTC.
        sizes: Number of identities by their number of images.
    """

    name: str
    encoding: Encoding
    created: datetime
    sizes: Mapping[int, int] = field(default_factory=dict)

    @property
    def identities(self) -> int:
        """Number of identities."""
        return sum(self.sizes.values())


@dataclass(frozen=True)
class Enrolment:
    """The template of an identity, to be stored.

    Attributes:
        images: Number of images that it was made of.
        template: Shape (width,): float32, or uint8 for the packed bits of one image.
    """

    images: int
    template: Rows


@dataclass(frozen=True)
class Identity:
    """A stored identity.

    Attributes:
        name: Its name in the gallery.
        images: Number of images that its template was made of.
        enrolled: When, in UTC.
        encoding: The bundle that made its template.
        template: As in `Enrolment`; None where it was not asked for.
    """

    name: str
    images: int
    enrolled: datetime
    encoding: Encoding
    template: Rows | None = None


@dataclass(frozen=True)
class Neighbours:
    """The identities nearest to a probe.

    Attributes:
        gallery: The gallery as it was searched.
        identities: With their templates; nearest first by the store's own arithmetic.
    """

    gallery: Gallery
    identities: tuple[Identity, ...]


@dataclass(frozen=True)
class Receipt:
    """Statement of an erasure: bytes that are gone, and bytes that wait.

    Attributes:
        identities: Number of identities that were erased.
        erased: When, in UTC.
        gone: Places that hold nothing of them any more.
        waiting: Places that may hold bytes of them for a while, and what removes these.
    """

    identities: int
    erased: datetime
    gone: tuple[str, ...]
    waiting: tuple[str, ...]


def shares(template: Rows) -> NDArray[np.float32]:
    """Return the share of ones in each bit of a template of codes: 0 or 1 for packed bits."""
    if template.dtype == np.uint8:
        return np.unpackbits(template).astype(np.float32)
    return template
