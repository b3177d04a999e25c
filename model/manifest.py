"""What a bundle says about itself: the schema of `manifest.json`.

The manifest is the whole contract between training and service. It is frozen, versioned and strict:
an unknown field is an error, so that a typing mistake cannot pass for an absent option.

Rates are fractions in [0, 1]; an interval is (low, high) at 95 % confidence; energies and
thresholds are in the units of the bundle's metric. Terms follow ISO/IEC 19795-1: FMR is the share
of impostor pairs that are accepted, FNMR the share of genuine pairs that are rejected.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

SCHEMA_VERSION: Final = 1
"""The version that this code reads and writes."""

MAX_SIDE = 1024
"""The largest input side, in pixels, that a bundle may ask for."""

MAX_UNDECIDED: Final = 0.25
"""The largest share of a golden code's bits that may be undecided."""
GOLDEN_PAIRS = 2
"""The pairs that a pair model's self-check runs: an image with itself, and with another."""

Fraction = Annotated[FiniteFloat, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Interval = tuple[Fraction, Fraction]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$", max_length=100)]
Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
BundleName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class Kind(StrEnum):
    """What the graph computes."""

    ENCODER = "encoder"
    """One image to a float32 embedding, (N, dim)."""
    CODES = "codes"
    """One image to packed bits, uint8 (N, bits / 8)."""
    PAIR = "pair"
    """Two images to one energy, float32 (N,)."""


class Metric(StrEnum):
    """How two embeddings become an energy. Under each of them small means same."""

    L1 = "l1"
    L2 = "l2"
    HAMMING = "hamming"
    NONE = "none"
    """The graph itself gives the energy (a pair model)."""


class SplitBy(StrEnum):
    """What the parts that were trained, calibrated and tested on do not share."""

    IDENTITY = "identity"
    """Identities: the tested ones are new, as is what the bundle is meant for."""
    IMAGE = "image"
    """Images only: the classes are a closed set, known from training."""


class Aspect(StrEnum):
    """How an image of another shape is brought to the input's shape."""

    STRETCH = "stretch"
    """Each axis is scaled on its own."""
    CROP = "crop"
    """The largest centred part of the right shape is kept."""
    PAD = "pad"
    """The whole image is kept, centred on white."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputSpec(_Frozen):
    """The tensor that the graph takes: uint8, shape (N, height, width, channels)."""

    width: int = Field(ge=4, le=MAX_SIDE)
    height: int = Field(ge=4, le=MAX_SIDE)
    channels: Literal[1, 3]
    aspect: Aspect
    middle: float = Field(default=1, ge=0.1, le=1)
    """The share of the image's width and height, around its centre, that is used.

    Cut off before the aspect rule is applied: what a photograph shows around the thing says nothing
    about it, and takes pixels away from it.
    """


class OnnxFile(_Frozen):
    """The graph beside the manifest."""

    file: FileName
    sha256: Sha256
    bytes: int = Field(gt=0)
    opset: int = Field(ge=13)


class Golden(_Frozen):
    """The self-check: what the graph answers for the golden image (see `model.golden`).

    For a pair model (formula `ramp-1-pairs`) `embedding` holds the energies of the golden pairs.
    """

    formula: Literal["ramp-1", "ramp-1-pairs"] = "ramp-1"
    embedding: tuple[FiniteFloat, ...] = Field(min_length=1, max_length=65536)
    tolerance: float = Field(gt=0, le=0.1)
    """Largest allowed difference, relative to the largest magnitude in `embedding`.

    For codes it was applied at export, to the activations: see `undecided`.
    """
    undecided: tuple[Count, ...] = ()
    """Of codes, the bits that nothing is promised of, counted from the first bit of the first byte.

    Their activations lie within the tolerance of 0, where another machine's rounding may turn them.
    """


class ErrorRates(_Frozen):
    """How often a decision at one threshold is wrong."""

    fmr: Fraction
    fmr_interval: Interval
    fnmr: Fraction
    fnmr_interval: Interval

    @model_validator(mode="after")
    def _intervals_hold_their_rates(self) -> Self:
        for rate, (low, high) in ((self.fmr, self.fmr_interval), (self.fnmr, self.fnmr_interval)):
            if not low <= rate <= high:
                raise ValueError(f"rate {rate} lies outside its interval ({low}, {high})")
        return self


class OperatingPoint(_Frozen):
    """A threshold, chosen on the calibration subjects and measured again on the test subjects.

    `target_fmr` is None for the equal-error point, which aims at no FMR. `independent_impostors` is
    what the impostor pairs are worth as independent trials: pairs share subjects, so it is far
    below their number. `supported` is false where it is too small to vouch for the target (the rule
    of three: 299 for 1 %).
    """

    target_fmr: Fraction | None
    threshold: FiniteFloat
    independent_impostors: Count
    supported: bool
    calibration: ErrorRates
    test: ErrorRates


class SampleSize(_Frozen):
    """How much stands behind a measurement."""

    identities: Count
    images: Count
    genuine_pairs: Count
    impostor_pairs: Count


class Histogram(_Frozen):
    """Shares of the energies between consecutive `edges`, for each kind of pair."""

    edges: tuple[FiniteFloat, ...] = Field(min_length=2, max_length=513)
    genuine: tuple[Fraction, ...]
    impostor: tuple[Fraction, ...]

    @model_validator(mode="after")
    def _one_share_between_two_edges(self) -> Self:
        if not len(self.genuine) == len(self.impostor) == len(self.edges) - 1:
            raise ValueError("a histogram has one share for each gap between two edges")
        return self


class LikelihoodRatio(_Frozen):
    """log10 LR = intercept + slope · energy, held within [log10_min, log10_max].

    The bounds keep the ratio from claiming more than the number of calibration subjects can bear.
    """

    intercept: FiniteFloat
    slope: FiniteFloat = Field(le=0)
    log10_min: float = Field(le=0, ge=-300)
    log10_max: float = Field(ge=0, le=300)


class Calibration(_Frozen):
    """What was chosen on the calibration subjects.

    `default` indexes `operating_points`: the one that a request gets which asks for none.
    """

    sample: SampleSize
    operating_points: tuple[OperatingPoint, ...] = Field(min_length=1, max_length=64)
    default: int = Field(ge=0)
    eer: Fraction
    likelihood_ratio: LikelihoodRatio
    cllr: float = Field(ge=0)
    min_cllr: float = Field(ge=0)
    histogram: Histogram

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default >= len(self.operating_points):
            raise ValueError(f"default operating point {self.default} does not exist")
        return self

    @property
    def default_point(self) -> OperatingPoint:
        """The operating point of a request that asks for none."""
        return self.operating_points[self.default]


class Curve(_Frozen):
    """Error rates on the test subjects at rising thresholds, from all refused to all accepted."""

    thresholds: tuple[FiniteFloat, ...] = Field(min_length=2, max_length=1024)
    rates: tuple[ErrorRates, ...]

    @model_validator(mode="after")
    def _rates_at_rising_thresholds(self) -> Self:
        if len(self.rates) != len(self.thresholds):
            raise ValueError("a curve has one set of rates for each threshold")
        if list(self.thresholds) != sorted(self.thresholds):
            raise ValueError("a curve's thresholds must rise")
        return self


class Benchmark(_Frozen):
    """A figure under a published protocol, so that it can stand beside other people's."""

    name: str
    measure: str
    value: FiniteFloat
    standard_error: float | None = Field(default=None, ge=0)
    pairs: Count


class Accuracy(_Frozen):
    """What was measured, once, on the test subjects, which no choice has touched."""

    protocol: str
    sample: SampleSize
    eer: Fraction
    eer_threshold: FiniteFloat
    cllr: float = Field(ge=0)
    min_cllr: float = Field(ge=0)
    curve: Curve
    benchmarks: tuple[Benchmark, ...] = ()


class CalibrationSource(_Frozen):
    """On what a bundle was calibrated anew, where that is not the data that it was exported with.

    `of` is the bundle whose graph this is, by name and version.
    """

    of: str
    data: str
    data_sha256: Sha256
    seed: int
    command: str
    git_revision: str
    calibrated_at: str


class InitialWeights(_Frozen):
    """Trained weights that a training began with or learnt from; `sha256` is of graph or file."""

    name: str
    version: Version
    sha256: Sha256


class Provenance(_Frozen):
    """Where the weights come from, and the calibration where it was done anew.

    `renewed_by` is the command that exported the bundle again from its own graph, where one did.
    """

    data: str
    data_sha256: Sha256
    config: str
    config_json: str
    seed: int
    command: str
    git_revision: str
    trained_at: str
    training_seconds: float = Field(ge=0)
    parameters: Count
    train_identities: Count
    train_images: Count
    libraries: dict[str, str]
    initial_weights: InitialWeights | None = None
    teacher: InitialWeights | None = None
    calibrated_on: CalibrationSource | None = None
    renewed_by: str | None = None


class Card(_Frozen):
    """What a person should read before trusting the bundle."""

    summary: str
    intended_use: str
    not_for: str
    data_licence: str


class Manifest(_Frozen):
    """The whole of `manifest.json`."""

    schema_version: Literal[1] = SCHEMA_VERSION
    name: BundleName
    version: Version
    kind: Kind
    input: InputSpec
    metric: Metric
    embedding_dim: int = Field(ge=1, le=65536)
    """Numbers in an answer of the graph; 1 for the energy of a pair model, which embeds nothing."""
    onnx: OnnxFile
    split_sha256: Sha256 | None = None
    split_by: SplitBy = SplitBy.IDENTITY
    golden: Golden
    calibration: Calibration
    accuracy: Accuracy
    provenance: Provenance
    card: Card

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
        self._check_undecided()
        return self

    def _check_undecided(self) -> None:
        bits = 8 * self.embedding_dim if self.kind is Kind.CODES else 0
        undecided = self.golden.undecided
        if any(bit >= bits for bit in undecided):
            raise ValueError(f"undecided bits {undecided} of {bits} bits")
        if len(undecided) > bits * MAX_UNDECIDED:
            raise ValueError(
                f"{len(undecided)} of {bits} golden bits are undecided: it tells nothing"
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


def kind_of(metric: Metric) -> Kind:
    """The kind of bundle whose energy is by that metric."""
    return next(kind for kind, metrics in _METRICS_OF_KIND.items() if metric in metrics)
