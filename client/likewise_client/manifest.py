"""The models of a service: their summaries, and the manifest of one.

The fields are described in the service's OpenAPI document, under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from likewise_client.conditions import Conditions, ErrorRates
from likewise_client.domain import DomainCheck
from likewise_client.identification import IdentificationFigures
from likewise_client.location import Locator
from likewise_client.parsing import parse
from likewise_client.provenance import Adoption, Provenance, Seen
from likewise_client.results import OperatingPoint, Precision

Kind = Literal["encoder", "codes", "pair"]
"""Output of the model's graph: embeddings, packed binary codes, or energies of pairs."""
Metric = Literal["l1", "l2", "hamming", "none"]
"""Metric of the energy; a pair model has none."""
SplitBy = Literal["identity", "image"]
"""Unit that the training, calibration and test parts do not share."""
TemplateRule = Literal["mean", "bit-shares", "trimmed-mean-energy"]
"""Rule for the energy of several images on a side."""
Resample = Literal["bilinear", "bicubic"]
"""Filter of the resize."""
Aspect = Literal["stretch", "crop", "pad"]
"""Rule that fits an image to the shape of the input."""


@dataclass(frozen=True)
class _Document:
    """A value together with the JSON object that it was read from."""

    members: dict[str, Any] = field(repr=False, compare=False, kw_only=True)

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> Self:
        """Return the value of a JSON object.

        Raises:
            AttributeError, KeyError, TypeError or ValueError: The object is of another type.
        """
        value: Self = parse(cls, {**members, "members": dict(members)})
        return value

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object as the service sent it, unknown members included."""
        return self.members


@dataclass(frozen=True)
class OfferedOperatingPoint(OperatingPoint):
    """An operating point that a call selects by its `target_fmr`."""

    threshold: float


@dataclass(frozen=True)
class ModelSummary(_Document):
    """One served model; `dim` is None for a pair model."""

    name: str
    version: str
    kind: Kind
    sha256: str
    dim: int | None
    metric: Metric
    default: bool
    provider: str
    default_operating_point: OfferedOperatingPoint
    operating_points: tuple[OfferedOperatingPoint, ...]
    seen: Seen
    summary: str
    locates: bool = False
    precision: Precision | None = None
    precisions: tuple[Precision, ...] = ()


@dataclass(frozen=True)
class InputSpec:
    """Input of the graph: uint8 of shape (N, height, width, channels)."""

    width: int
    height: int
    channels: Literal[1, 3]
    aspect: Aspect
    middle: float = 1.0
    resample: Resample = "bilinear"


@dataclass(frozen=True)
class OnnxFile:
    """The graph's file."""

    file: str
    sha256: str
    bytes: int
    opset: int
    precision: Precision | None = None


@dataclass(frozen=True)
class OtherGraph:
    """A further graph of the same encoder, by its own manifest."""

    precision: Literal["int8"]
    sha256: str
    manifest: Literal["manifest.int8.json.gz"] = "manifest.int8.json.gz"


@dataclass(frozen=True)
class Golden:
    """The bundle's self-check: expected outputs for a synthetic image, and their tolerance."""

    embedding: tuple[float, ...]
    tolerance: float
    formula: Literal["ramp-1", "ramp-1-pairs"] = "ramp-1"
    undecided: tuple[int, ...] = ()


@dataclass(frozen=True)
class CalibratedOperatingPoint:
    """A threshold chosen on the calibration subjects and measured again on the test subjects."""

    target_fmr: float | None
    threshold: float
    independent_impostors: int
    supported: bool
    calibration: ErrorRates
    test: ErrorRates


@dataclass(frozen=True)
class SampleSize:
    """Size of the sample behind a measurement."""

    identities: int
    images: int
    genuine_pairs: int
    impostor_pairs: int


@dataclass(frozen=True)
class Histogram:
    """Shares of the energies between consecutive `edges`, for each kind of pair."""

    edges: tuple[float, ...]
    genuine: tuple[float, ...]
    impostor: tuple[float, ...]


@dataclass(frozen=True)
class LineUncertainty:
    """Sampling error over people of a line: variances, covariance, factor of an interval."""

    intercept: float
    slope: float
    covariance: float
    factor: float


@dataclass(frozen=True)
class LikelihoodRatio:
    """log10 LR = intercept + slope · energy, clipped to [log10_min, log10_max]."""

    intercept: float
    slope: float
    log10_min: float
    log10_max: float
    uncertainty: LineUncertainty | None = None


@dataclass(frozen=True)
class Calibration:
    """Thresholds chosen on the calibration subjects; `default` indexes `operating_points`."""

    sample: SampleSize
    operating_points: tuple[CalibratedOperatingPoint, ...]
    default: int
    eer: float
    likelihood_ratio: LikelihoodRatio
    cllr: float
    min_cllr: float
    histogram: Histogram


@dataclass(frozen=True)
class Curve:
    """Error rates on the test subjects at rising thresholds."""

    thresholds: tuple[float, ...]
    rates: tuple[ErrorRates, ...]


@dataclass(frozen=True)
class Benchmark:
    """A figure measured under a published protocol."""

    name: str
    measure: str
    value: float
    pairs: int
    standard_error: float | None = None
    standard_error_over: Literal["identities", "images", "episodes", "runs", "folds"] | None = None


@dataclass(frozen=True)
class Accuracy:
    """Measurements on the test subjects."""

    protocol: str
    sample: SampleSize
    eer: float
    eer_threshold: float
    cllr: float
    min_cllr: float
    curve: Curve
    benchmarks: tuple[Benchmark, ...] = ()
    images_per_identity: int | None = None


@dataclass(frozen=True)
class TemplateSize:
    """Measurements of so many images on the one side against so many on the other."""

    images: tuple[int, int]
    calibration: Calibration
    accuracy: Accuracy


@dataclass(frozen=True)
class Templates:
    """Rule for several images of one thing on a side, and the sizes that it was measured for."""

    rule: TemplateRule
    sizes: tuple[TemplateSize, ...]


@dataclass(frozen=True)
class Card:
    """Text to read before trusting the model."""

    summary: str
    intended_use: str
    not_for: str
    data_licence: str


@dataclass(frozen=True)
class Manifest(_Document):
    """The manifest of a model: calibration, accuracy, provenance and card."""

    name: str
    version: str
    kind: Kind
    input_: InputSpec
    metric: Metric
    embedding_dim: int
    onnx: OnnxFile
    golden: Golden
    calibration: Calibration
    accuracy: Accuracy
    provenance: Provenance | None
    card: Card
    adoption: Adoption | None = None
    schema_version: Literal[1, 2] = 2
    split_sha256: str | None = None
    split_by: SplitBy = "identity"
    graphs: tuple[OtherGraph, ...] | None = None
    domain: DomainCheck | None = None
    templates: Templates | None = None
    conditions: Conditions | None = None
    identification: IdentificationFigures | None = None
    locator: Locator | None = None
