import pytest
from pydantic import ValidationError

from model.manifest import (
    Aspect,
    Benchmark,
    Conditions,
    Curve,
    ErrorRates,
    Golden,
    Histogram,
    InputSpec,
    Kind,
    LikelihoodRatio,
    LineUncertainty,
    Manifest,
    Metric,
    OnnxFile,
    kind_of,
)
from tests import fakes


def changed(manifest, **fields):
    return Manifest.model_validate({**manifest.model_dump(), **fields})


def test_json_and_back_is_the_same_manifest(manifest):
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


def test_a_manifest_is_frozen(manifest):
    with pytest.raises(ValidationError, match="frozen"):
        manifest.name = "other"


@pytest.mark.parametrize(
    ("kind", "metric"),
    [
        (kind, metric)
        for kind in Kind
        for metric in Metric
        if (kind, metric)
        not in {
            (Kind.ENCODER, Metric.L1),
            (Kind.ENCODER, Metric.L2),
            (Kind.CODES, Metric.HAMMING),
            (Kind.PAIR, Metric.NONE),
        }
    ],
)
def test_a_kind_refuses_a_metric_of_another(manifest, kind, metric):
    with pytest.raises(ValidationError, match="cannot use the metric"):
        changed(manifest, kind=kind, metric=metric)


def test_the_golden_embedding_has_the_embeddings_length(manifest):
    with pytest.raises(ValidationError, match="length"):
        changed(manifest, embedding_dim=manifest.embedding_dim + 1)


def pair_golden(*energies):
    return Golden(formula="ramp-1-pairs", embedding=energies, tolerance=1e-3)


def test_a_pair_model_answers_one_energy_and_is_checked_by_two_pairs(manifest):
    fields = {"kind": Kind.PAIR, "metric": Metric.NONE, "embedding_dim": 1}
    assert changed(manifest, **fields, golden=pair_golden(-1.0, 2.0)).kind is Kind.PAIR
    with pytest.raises(ValidationError, match="golden pairs"):
        changed(manifest, **fields, golden=pair_golden(-1.0))
    with pytest.raises(ValidationError, match="golden pairs"):
        changed(manifest, **fields, golden=Golden(embedding=(1.0,), tolerance=1e-3))
    with pytest.raises(ValidationError, match="one energy"):
        changed(manifest, **(fields | {"embedding_dim": 8}), golden=pair_golden(-1.0, 2.0))


def test_the_golden_pairs_are_for_a_pair_model_only(manifest):
    with pytest.raises(ValidationError, match="pair model only"):
        changed(manifest, embedding_dim=2, golden=pair_golden(-1.0, 2.0))


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        (Metric.L1, Kind.ENCODER),
        (Metric.L2, Kind.ENCODER),
        (Metric.HAMMING, Kind.CODES),
        (Metric.NONE, Kind.PAIR),
    ],
)
def test_the_metric_decides_the_kind(metric, kind):
    assert kind_of(metric) is kind


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "../etc"},
        {"name": "Upper"},
        {"name": ""},
        {"name": "x" * 65},
        {"name": "line\n"},
        {"version": "1.0"},
        {"version": "1.0.0-rc1"},
        {"schema_version": 3},
        {"embedding_dim": 0},
        {"split_sha256": "abc"},
        {"split_sha256": "G" * 64},
        {"threshold": 0.5},
    ],
    ids=str,
)
def test_a_field_outside_its_range_or_unknown_is_refused(manifest, fields):
    with pytest.raises(ValidationError):
        changed(manifest, **fields)


@pytest.mark.parametrize(
    "file",
    [
        "../encoder.onnx",
        "/etc/passwd.onnx",
        "a/b.onnx",
        "a\\b.onnx",
        ".hidden.onnx",
        "",
        "encoder.onnx\n",
        "manifest.json",
        "split.json",
        "README.md",
    ],
)
def test_the_graphs_file_is_a_plain_onnx_name_beside_the_manifest(file):
    with pytest.raises(ValidationError):
        OnnxFile(file=file, sha256="0" * 64, bytes=1, opset=18)


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 3},
        {"height": 1025},
        {"channels": 2},
        {"aspect": "tile"},
        {"middle": 0.05},
        {"middle": 1.1},
    ],
    ids=str,
)
def test_an_input_outside_its_range_is_refused(fields):
    good = {"width": 24, "height": 32, "channels": 1, "aspect": Aspect.PAD}
    assert InputSpec(**good).width == 24
    assert InputSpec(**good).middle == 1
    with pytest.raises(ValidationError):
        InputSpec(**(good | fields))


def test_the_uncertainty_of_a_line_is_a_covariance():
    good = {"intercept": 4.0, "slope": 1.0, "covariance": -2.0, "factor": 2.0}
    assert LineUncertainty(**good).slope == 1
    with pytest.raises(ValidationError, match="exceeds their variances"):
        LineUncertainty(**(good | {"covariance": 2.1}))


def test_version_1_has_no_interval_of_likelihood_ratios(manifest):
    calibration = manifest.calibration
    ratio = calibration.likelihood_ratio.model_copy(update={"uncertainty": None})
    older = calibration.model_copy(update={"likelihood_ratio": ratio})
    assert changed(manifest, schema_version=1, calibration=older).schema_version == 1
    with pytest.raises(ValidationError, match="no interval of likelihood ratios"):
        changed(manifest, schema_version=1)


def test_version_1_does_not_state_what_a_standard_error_is_over(manifest):
    ratio = manifest.calibration.likelihood_ratio.model_copy(update={"uncertainty": None})
    older = manifest.calibration.model_copy(update={"likelihood_ratio": ratio})
    plain = Benchmark(name="list", measure="accuracy", value=0.9, standard_error=0.1, pairs=10)

    def manifest_with(version, over):
        benchmark = plain.model_copy(update={"standard_error_over": over})
        accuracy = manifest.accuracy.model_copy(update={"benchmarks": (benchmark,)})
        return changed(manifest, schema_version=version, calibration=older, accuracy=accuracy)

    assert manifest_with(2, "identities").accuracy.benchmarks[0].standard_error == 0.1
    assert manifest_with(1, None).accuracy.benchmarks[0].standard_error_over is None
    with pytest.raises(ValidationError, match="does not state standard_error_over"):
        manifest_with(1, "identities")


def test_version_1_has_no_rates_by_condition(manifest):
    rates = manifest.calibration.default_point.test
    conditions = Conditions(
        threshold=1.0, overall=rates, domain=None, fmr_spread=None, fnmr_spread=None
    )
    assert changed(manifest, conditions=conditions).conditions == conditions
    calibration = manifest.calibration
    ratio = calibration.likelihood_ratio.model_copy(update={"uncertainty": None})
    older = calibration.model_copy(update={"likelihood_ratio": ratio})
    with pytest.raises(ValidationError, match="no rates by condition"):
        changed(manifest, schema_version=1, calibration=older, conditions=conditions)


@pytest.mark.parametrize(
    ("rate", "interval"),
    [(0.2, (0.3, 0.4)), (0.5, (0.3, 0.4)), (0.35, (0.4, 0.3)), (1.2, (0.3, 1.3))],
)
def test_an_interval_holds_its_rate_within_0_and_1(rate, interval):
    with pytest.raises(ValidationError):
        ErrorRates(fmr=rate, fmr_interval=interval, fnmr=0.1, fnmr_interval=(0.0, 0.2))
    with pytest.raises(ValidationError):
        ErrorRates(fmr=0.1, fmr_interval=(0.0, 0.2), fnmr=rate, fnmr_interval=interval)


def test_a_histogram_has_a_share_for_each_gap():
    with pytest.raises(ValidationError, match="one share"):
        Histogram(edges=(0, 1, 2), genuine=(0.5, 0.5), impostor=(1.0,))


def test_a_curve_has_rates_for_each_threshold():
    with pytest.raises(ValidationError, match="one set of rates"):
        Curve(thresholds=(0, 1), rates=(fakes.rates(0, 1),))


def test_a_curves_thresholds_rise():
    with pytest.raises(ValidationError, match="must rise"):
        Curve(thresholds=(1, 0), rates=(fakes.rates(0, 1), fakes.rates(1, 0)))


@pytest.mark.parametrize(
    "fields",
    [{"slope": 0.1}, {"log10_min": 0.1}, {"log10_max": -0.1}, {"intercept": float("nan")}],
    ids=str,
)
def test_a_likelihood_ratio_falls_with_the_energy_between_its_bounds(fields):
    good = {"intercept": 1.0, "slope": -1.0, "log10_min": -1.0, "log10_max": 1.0}
    assert LikelihoodRatio(**good).slope == -1
    with pytest.raises(ValidationError):
        LikelihoodRatio(**(good | fields))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_are_finite(bad):
    with pytest.raises(ValidationError):
        Golden(embedding=(0.0, bad), tolerance=0.1)
    with pytest.raises(ValidationError):
        Golden(embedding=(0.0,), tolerance=bad)


def test_the_default_operating_point_exists(manifest):
    count = len(manifest.calibration.operating_points)
    assert manifest.calibration.default_point.target_fmr == 0.01
    with pytest.raises(ValidationError, match=f"{count} does not exist"):
        fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM, default=count)


def codes(dim=2, undecided=()):
    golden = Golden(embedding=(7.0,) * dim, tolerance=1e-3, undecided=undecided)
    manifest = fakes.make_manifest(
        b"no graph", kind=Kind.CODES, metric=Metric.HAMMING, dim=dim, golden=(7.0,) * dim
    )
    return changed(manifest, golden=golden.model_dump())


def test_some_bits_of_a_golden_code_may_be_undecided():
    assert codes(undecided=(0, 15)).golden.undecided == (0, 15)


@pytest.mark.parametrize("undecided", [(16,), (-1,), (0, 1, 2, 3, 4)], ids=str)
def test_undecided_bits_exist_and_are_few(undecided):
    with pytest.raises(ValidationError, match=r"undecided|greater"):
        codes(undecided=undecided)


def test_an_embedding_of_real_numbers_has_no_undecided_bits(manifest):
    golden = manifest.golden.model_dump() | {"undecided": (0,)}
    with pytest.raises(ValidationError, match="undecided bits"):
        changed(manifest, golden=golden)
