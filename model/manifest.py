"""Schema of a bundle's `manifest.json`.

The manifest is the whole contract between training and service. It is frozen, versioned and strict:
an unknown field is an error, so that a typing mistake cannot pass for an absent option. Its types
are all imported from here; its parts are in `model.schema`.
"""

from enum import StrEnum
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from model.schema.calibration import (
    Accuracy,
    Benchmark,
    Calibration,
    Curve,
    ErrorOver,
    ErrorRates,
    Histogram,
    LikelihoodRatio,
    LineUncertainty,
    OperatingPoint,
    SampleSize,
)
from model.schema.conditions import Conditions
from model.schema.domain import PIXEL_FEATURES, DomainCheck
from model.schema.fields import BundleName, Fraction, Frozen, Sha256, Version
from model.schema.graph import Golden, OnnxFile, OtherGraph, Precision
from model.schema.identification import (
    GalleryRates,
    Identification,
    IdentificationPoint,
    IdentificationRates,
)
from model.schema.input import MAX_SIDE, Aspect, InputSpec, Resample
from model.schema.locator import Acquisition, LocatorSpec
from model.schema.provenance import Adoption, CalibrationSource, InitialWeights, Provenance, Seen
from model.schema.templates import TemplateRule, Templates, TemplateSize

__all__ = [
    "GOLDEN_PAIRS",
    "MAX_SIDE",
    "MAX_UNDECIDED",
    "READ_VERSIONS",
    "SCHEMA_VERSION",
    "TEMPLATE_RULES",
    "Accuracy",
    "Acquisition",
    "Adoption",
    "Aspect",
    "Benchmark",
    "BundleName",
    "Calibration",
    "CalibrationSource",
    "Card",
    "Conditions",
    "Curve",
    "DomainCheck",
    "ErrorOver",
    "ErrorRates",
    "Fraction",
    "GalleryRates",
    "Golden",
    "Histogram",
    "Identification",
    "IdentificationPoint",
    "IdentificationRates",
    "InitialWeights",
    "InputSpec",
    "Kind",
    "LikelihoodRatio",
    "LineUncertainty",
    "LocatorSpec",
    "Manifest",
    "Metric",
    "OnnxFile",
    "OperatingPoint",
    "OtherGraph",
    "Precision",
    "Provenance",
    "Resample",
    "SampleSize",
    "Seen",
    "SplitBy",
    "TemplateRule",
    "TemplateSize",
    "Templates",
    "Version",
    "kind_of",
]

SCHEMA_VERSION: Final = 2
"""The version that this code writes."""
READ_VERSIONS: Final = (1, 2)
"""The versions that this code reads. A bundle of version 1 lacks what version 2 added."""

MAX_UNDECIDED: Final = 0.25
"""The largest share of a golden code's bits that may be undecided."""
GOLDEN_PAIRS = 2
"""The pairs that a pair model's self-check runs: an image with itself, and with another."""


class Kind(StrEnum):
    """Kind of graph."""

    ENCODER = "encoder"
    """One image to a float32 embedding, (N, dim)."""
    CODES = "codes"
    """One image to packed bits, uint8 (N, bits / 8)."""
    PAIR = "pair"
    """Two images to one energy, float32 (N,)."""


class Metric(StrEnum):
    """Distance of two embeddings, which is their energy. Small means same."""

    L1 = "l1"
    L2 = "l2"
    HAMMING = "hamming"
    NONE = "none"
    """The graph itself gives the energy (a pair model)."""


class SplitBy(StrEnum):
    """Unit of the split: the trained, calibrated and tested parts have none in common."""

    IDENTITY = "identity"
    """Identities: those tested are new, as those that the bundle is meant for."""
    IMAGE = "image"
    """Images only: the classes are a closed set, known from training."""


class Card(Frozen):
    """Text of the model card: what a reader needs before relying on the bundle."""

    summary: str
    intended_use: str
    not_for: str
    data_licence: str


class Manifest(Frozen):
    """The whole of `manifest.json`."""

    schema_version: Literal[1, 2] = SCHEMA_VERSION
    name: BundleName
    version: Version
    kind: Kind
    input: InputSpec
    metric: Metric
    embedding_dim: int = Field(ge=1, le=65536)
    """Numbers in an answer of the graph; 1 for the energy of a pair model, which embeds nothing."""
    onnx: OnnxFile
    graphs: tuple[OtherGraph, ...] | None = Field(default=None, min_length=1, max_length=1)
    """Other graphs of the same encoder; None where there is no other."""
    split_sha256: Sha256 | None = None
    split_by: SplitBy = SplitBy.IDENTITY
    golden: Golden
    calibration: Calibration
    accuracy: Accuracy
    domain: DomainCheck | None = None
    templates: Templates | None = None
    """Comparison of several images of one thing on a side; None where it was not measured."""
    identification: Identification | None = None
    """One against many; None where it was not measured, and of a pair model."""
    provenance: Provenance | None
    """None of an encoder that others trained: see `adoption`."""
    adoption: Adoption | None = None
    card: Card
    conditions: Conditions | None = None
    """Error rates of the test pairs by condition; None where they were not measured."""
    locator: LocatorSpec | None = None
    """Graph that finds the thing in a picture; None where the whole picture is compared."""

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if self.metric not in _METRICS_OF_KIND[self.kind]:
            raise ValueError(f"a bundle of kind {self.kind} cannot use the metric {self.metric}")
        if self.kind is Kind.PAIR:
            self._check_pair()
        elif self.golden.formula != "ramp-1":
            raise ValueError("the golden pairs are for a pair model only")
        elif len(self.golden.embedding) != self.embedding_dim:
            raise ValueError("the golden embedding's length is not embedding_dim")
        self._check_version()
        self._check_undecided()
        self._check_graphs()
        self._check_origin()
        self._check_domain()
        self._check_templates()
        self._check_identification()
        return self

    @property
    def origin(self) -> Provenance | Adoption:
        """The provenance of a bundle that was trained here, or the adoption of another."""
        origin = self.provenance or self.adoption
        assert origin is not None  # noqa: S101 (`_check_origin`)
        return origin

    @property
    def seen(self) -> Seen:
        """Knowledge of the identities that the encoder was trained on."""
        return self.origin.seen

    def _check_graphs(self) -> None:
        if self.graphs and (self.kind is not Kind.ENCODER or self.onnx.precision != Precision.FP32):
            raise ValueError("only a float32 encoder has other graphs")

    def _check_origin(self) -> None:
        if (self.provenance is None) is (self.adoption is None):
            raise ValueError("a manifest has either a provenance or an adoption")

    def _check_domain(self) -> None:
        if self.domain is None:
            return
        part = self.domain.embedding
        if (part is None) is not (self.kind is Kind.PAIR):
            raise ValueError("a domain check has a part for embeddings where the model has them")
        bits = 8 if self.kind is Kind.CODES else 1
        if part is not None and part.features != bits * self.embedding_dim:
            raise ValueError("the domain check is of embeddings of another length")
        if self.domain.pixels.features != PIXEL_FEATURES:
            raise ValueError("the domain check is of other statistics of pixels")

    def _check_version(self) -> None:
        if self.schema_version > 1:
            return
        parts = {
            "domain check": self.domain,
            "templates": self.templates,
            "identification": self.identification,
            "rates by condition": self.conditions,
            "adoption": self.adoption,
            "locator": self.locator,
            "other graph": self.graphs,
            "precision": self.onnx.precision,
            "interval of likelihood ratios": self.calibration.likelihood_ratio.uncertainty,
        }
        for name, part in parts.items():
            if part is not None:
                raise ValueError(f"a manifest of schema version 1 has no {name}")
        if any(each.standard_error_over for each in self.accuracy.benchmarks):
            raise ValueError("a manifest of schema version 1 does not state standard_error_over")

    def _check_templates(self) -> None:
        if self.templates is None:
            return
        if self.templates.rule is not TEMPLATE_RULES[self.metric]:
            raise ValueError(f"the rule {self.templates.rule} does not suit the kind {self.kind}")

    def _check_identification(self) -> None:
        if self.identification is None:
            return
        if self.kind is Kind.PAIR:
            raise ValueError("a pair model compares no galleries")
        thresholds = len(self.accuracy.curve.thresholds)
        tables = [gallery.fpir for gallery in self.identification.galleries]
        tables += [] if self.identification.fnir is None else [self.identification.fnir]
        if any(len(table) != thresholds for table in tables):
            raise ValueError("FPIR and FNIR have one rate for each threshold of the test curve")

    def _check_undecided(self) -> None:
        bits = 8 * self.embedding_dim if self.kind is Kind.CODES else 0
        undecided = self.golden.undecided
        if any(bit >= bits for bit in undecided):
            raise ValueError(f"undecided bits {undecided} of {bits} bits")
        if len(undecided) > bits * MAX_UNDECIDED:
            raise ValueError(
                f"{len(undecided)} of {bits} golden bits are undecided, too many for a check"
            )

    def _check_pair(self) -> None:
        if self.embedding_dim != 1:
            raise ValueError("a pair model answers one energy: its embedding_dim is 1")
        if self.golden.formula != "ramp-1-pairs" or len(self.golden.embedding) != GOLDEN_PAIRS:
            raise ValueError(
                f"a pair model is checked by the {GOLDEN_PAIRS} golden pairs of ramp-1-pairs"
            )


_METRICS_OF_KIND = {
    Kind.ENCODER: {Metric.L1, Metric.L2},
    Kind.CODES: {Metric.HAMMING},
    Kind.PAIR: {Metric.NONE},
}
TEMPLATE_RULES = {
    Metric.L1: TemplateRule.MEAN,
    Metric.L2: TemplateRule.MEAN,
    Metric.HAMMING: TemplateRule.BIT_SHARES,
    Metric.NONE: TemplateRule.TRIMMED_MEAN_ENERGY,
}
"""Rule for templates, by the metric: the best of those compared in decision 43."""


def kind_of(metric: Metric) -> Kind:
    """The kind of bundle whose energy is by that metric."""
    return next(kind for kind, metrics in _METRICS_OF_KIND.items() if metric in metrics)
