"""Measured part of a manifest: operating points, error rates, calibration and accuracy.

Rates are fractions in [0, 1]; an interval is (low, high) at 95 % confidence; energies and
thresholds are in the units of the bundle's metric. Terms follow ISO/IEC 19795-1: FMR is the share
of impostor pairs that are accepted, FNMR the share of genuine pairs that are rejected.
"""

from typing import Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from model.schema.fields import Count, Fraction, Frozen, Interval

_ROUNDING = 1e-6

ErrorOver = Literal["identities", "images", "episodes", "runs", "folds"]
"""Sample that a standard error is over: `identities` of the test part, `images` of known classes,
`episodes` or `runs` that a protocol draws from the same identities, or `folds` of other ones."""


class ErrorRates(Frozen):
    """Error rates of decisions at one threshold."""

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


class OperatingPoint(Frozen):
    """A threshold, chosen on the calibration subjects and measured again on the test subjects.

    `target_fmr` is None for the equal-error point, which aims at no FMR. `independent_impostors` is
    the number of independent trials that the impostor pairs are worth: pairs share subjects, so it
    is far below their number. `supported` is false where it is too small for the target (the rule
    of three: 299 for 1 %), and in a further graph where it is false for the bundle's own graph.
    """

    target_fmr: Fraction | None
    threshold: FiniteFloat
    independent_impostors: Count
    supported: bool
    calibration: ErrorRates
    test: ErrorRates


class SampleSize(Frozen):
    """Sample size of a measurement."""

    identities: Count
    images: Count
    genuine_pairs: Count
    impostor_pairs: Count


class Histogram(Frozen):
    """Shares of the energies between consecutive `edges`, for each kind of pair."""

    edges: tuple[FiniteFloat, ...] = Field(min_length=2, max_length=513)
    genuine: tuple[Fraction, ...]
    impostor: tuple[Fraction, ...]

    @model_validator(mode="after")
    def _one_share_between_two_edges(self) -> Self:
        if not len(self.genuine) == len(self.impostor) == len(self.edges) - 1:
            raise ValueError("a histogram has one share for each gap between two edges")
        return self


class LineUncertainty(Frozen):
    """Sampling error over subjects of the line intercept + slope · energy.

    Attributes:
        intercept: Variance of the intercept.
        slope: Variance of the slope.
        covariance: Covariance of the two.
        factor: Half the width of a 95 % interval, in standard deviations of the line.
    """

    intercept: FiniteFloat = Field(ge=0)
    slope: FiniteFloat = Field(ge=0)
    covariance: FiniteFloat
    factor: FiniteFloat = Field(ge=1)

    @model_validator(mode="after")
    def _is_a_covariance(self) -> Self:
        if self.covariance**2 > self.intercept * self.slope * (1 + _ROUNDING):
            raise ValueError("the covariance of intercept and slope exceeds their variances")
        return self


class LikelihoodRatio(Frozen):
    """log10 LR = intercept + slope · energy, held within [log10_min, log10_max].

    The bounds limit the ratio to what the number of calibration subjects supports. `uncertainty`
    gives its interval; None in a bundle of schema version 1.
    """

    intercept: FiniteFloat
    slope: FiniteFloat = Field(le=0)
    log10_min: float = Field(le=0, ge=-300)
    log10_max: float = Field(ge=0, le=300)
    uncertainty: LineUncertainty | None = None


class Calibration(Frozen):
    """Choices made on the calibration subjects.

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


class Curve(Frozen):
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


class Benchmark(Frozen):
    """A figure under a published protocol, so that it can stand beside other people's."""

    name: str
    measure: str
    value: FiniteFloat
    standard_error: float | None = Field(default=None, ge=0)
    pairs: Count
    standard_error_over: ErrorOver | None = None
    """The sample of the standard error; None in bundles that do not state it."""


class Accuracy(Frozen):
    """Error rates measured once on the test subjects, on which nothing was chosen."""

    protocol: str
    sample: SampleSize
    eer: Fraction
    eer_threshold: FiniteFloat
    cllr: float = Field(ge=0)
    min_cllr: float = Field(ge=0)
    curve: Curve
    benchmarks: tuple[Benchmark, ...] = ()
    images_per_identity: int | None = Field(default=None, ge=1)
    """Maximum number of images of one identity that were compared."""
