"""What a bundle quotes beside what is so, on a small bundle and small data sets."""

import dataclasses
import shutil
import zipfile

import numpy as np
import pytest

from model.bundle import open_bundle
from model.domain import Domain, embedding_numbers
from model.manifest import ErrorRates
from model.pixel_statistics import PixelStatistics
from tests import fakes, locators
from tests.training import synthetic
from training.data.decoding import decode
from training.data.source import open_data
from training.domain_check.fit import Sample, fit_images
from training.errors import DataError, RunError
from training.inference.onnx_runtime import OnnxEncoder
from training.trust.bundle_record import read_records
from training.trust.corruptions import CORRUPTIONS
from training.trust.measure import TrustMeter
from training.trust.page import share, write_page
from training.trust.record import RatioBin, TrustRecord, Verdict
from training.trust.samples import open_sources, samples_of

MAX_IMAGES = 40


@pytest.fixture(scope="module")
def data(folder, tmp_path_factory):
    """A folder of data with the bundle's own images, under the name of AT&T."""
    root = tmp_path_factory.mktemp("sets")
    with zipfile.ZipFile(root / "att_faces.zip", "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return root


@pytest.fixture(scope="module")
def sources(data, tmp_path_factory):
    return open_sources(data, tmp_path_factory.mktemp("scratch"), seed=1)


@pytest.fixture(scope="module")
def bundle(exported, tmp_path_factory):
    """The small bundle, with a domain check of as many images as one needs."""
    opened = open_bundle(exported)
    root = tmp_path_factory.mktemp("more") / "data"
    like = open_data(synthetic.write_files(root, synthetic.files_of(identities=30)))
    decoded = decode(like, opened.manifest.input)
    encoder, statistics = OnnxEncoder(opened.onnx), PixelStatistics(opened.manifest.input)

    def describe(images, labels):
        embeddings = embedding_numbers(encoder.embed(images), opened.manifest.kind)
        return Sample(statistics(images), embeddings, labels)

    fitted = fit_images(decoded.pixels, decoded.source.labels(), describe)
    manifest = opened.manifest.model_copy(update={"domain": fitted.check})
    numbers = np.frombuffer(fitted.data, dtype="<f4")
    return dataclasses.replace(opened, manifest=manifest, domain=numbers)


@pytest.fixture(scope="module")
def samples(bundle, sources):
    return list(samples_of(bundle, sources, MAX_IMAGES, seed=1))


@pytest.fixture(scope="module")
def rows(bundle, samples):
    return TrustMeter(bundle).record(samples, MAX_IMAGES, seed=1).rows


def test_samples_are_all_data_sets_and_then_the_own_one_corrupted(samples, bundle):
    assert [(s.data, s.corruption) for s in samples] == [
        ("AT&T", ""),
        ("drawn figures", ""),
        *(("AT&T", name) for name in CORRUPTIONS),
    ]
    own = samples[0]
    assert own.is_own
    assert len(own.images) == bundle.manifest.accuracy.sample.images
    assert len(samples[1].images) == MAX_IMAGES // 3 * 3  # Whole identities of 3 images.
    assert {s.corruption for s in samples if not s.shows_identity} == {"noise", "blank"}


def test_what_is_real_on_its_own_data_is_what_is_quoted(rows, bundle):
    quoted = bundle.manifest.calibration.default_point.test
    assert rows[0].every.rates == quoted
    assert rows[0].every.images == bundle.manifest.accuracy.sample.images


def test_the_pairs_that_are_answered_are_those_of_images_in_the_domain(rows, samples, bundle):
    for row, sample in zip(rows, samples, strict=True):
        decoded = decode(sample.images, bundle.manifest.input)
        embeddings = OnnxEncoder(bundle.onnx).embed(decoded.pixels)
        check = Domain.of(bundle)
        out = check.is_out(check.percentiles(decoded.pixels, embeddings))
        labels = decoded.source.labels()
        inside = np.flatnonzero(~out)
        pairs = [(labels[i], labels[j]) for k, i in enumerate(inside) for j in inside[:k]]
        assert row.images_out == pytest.approx(out.mean())
        total = len(out) * (len(out) - 1) / 2
        assert row.pairs_out == pytest.approx(1 - len(pairs) / total)
        genuine = sum(one == other for one, other in pairs)
        if genuine and genuine < len(pairs):
            assert (row.answered.genuine, row.answered.impostor) == (genuine, len(pairs) - genuine)
        else:
            assert row.answered is None


def test_noise_is_flagged_and_its_own_images_are_not(rows):
    by_corruption = {row.corruption: row for row in rows if row.is_own}
    assert by_corruption["noise"].images_out > 0.9
    assert by_corruption[""].images_out < 0.3


def test_a_bundle_without_a_check_answers_everything(exported, samples):
    row = TrustMeter(open_bundle(exported)).measure(samples[1])
    assert (row.images_out, row.pairs_out) == (None, None)
    assert row.answered == row.every


def test_a_pair_model_is_measured_by_its_pairs(exported_pair, samples):
    row = TrustMeter(open_bundle(exported_pair)).measure(samples[0])
    assert row.every.genuine + row.every.impostor == 15 * 14 // 2
    assert row.pairs_out is None


def with_fmr(row, fmr, pairs_out):
    rates = ErrorRates(fmr=fmr, fmr_interval=(0, 1), fnmr=0.5, fnmr_interval=(0.4, 0.6))
    real = row.every.model_copy(update={"rates": rates})
    return row.model_copy(update={"answered": real, "pairs_out": pairs_out})


def test_a_verdict_is_by_twice_the_upper_end_that_is_quoted(rows):
    quoted = ErrorRates(fmr=0.01, fmr_interval=(0.005, 0.02), fnmr=0.3, fnmr_interval=(0.2, 0.39))
    verdicts = [
        with_fmr(rows[0], fmr, out).verdict(quoted)
        for fmr, out in ((0.04, 0.1), (0.041, 0.1), (0.9, 0.99), (0.9, None), (0.04, None))
    ]
    assert verdicts == [
        Verdict.HOLDS,
        Verdict.LIMIT,
        Verdict.WITHHELD,
        Verdict.LIMIT,
        Verdict.HOLDS,
    ]
    assert with_fmr(rows[0], 0.01, 0).misses_more(quoted)
    assert rows[0].model_copy(update={"answered": None}).verdict(quoted) is Verdict.LIMIT


@pytest.mark.parametrize(
    ("claimed", "interval", "holds", "too_much"),
    [
        (1.5, (0.5, 2.0), True, False),
        (1.5, (0.5, 1.4), False, True),
        (1.5, (1.6, None), False, False),
        (-1.5, (None, -1.6), False, False),
        (-1.5, (-1.4, None), False, True),
    ],
)
def test_a_ratio_claims_too_much_on_its_own_side_of_one(claimed, interval, holds, too_much):
    found = RatioBin(
        low=-2, high=2, claimed=claimed, actual=None, interval=interval, genuine=1, impostor=1
    )
    assert (found.holds, found.claims_too_much) == (holds, too_much)


def test_the_command_writes_records_and_the_same_page_from_them(exported, data, tmp_path, call):
    out, again, records = tmp_path / "a.md", tmp_path / "b.md", tmp_path / "records"
    options = ["--bundles", exported.parent, "--records", records, "--max-images", 12]
    code, _, err = call("trust", "--data", data, *options, "--out", out)
    assert code == 0, err
    code, _, err = call("trust", "--from-records", "--records", records, "--out", again)
    assert code == 0, err
    assert out.read_text() == again.read_text()
    (record,) = read_records(TrustRecord, records)
    text = out.read_text()
    for row in record.rows:
        assert f"| {share(row.images_out)} |" in text
    assert sum(text.count(f"| {verdict} |") for verdict in Verdict) == len(record.rows)
    assert "It has no domain check." in text


def test_samples_in_which_a_locator_finds_too_little_are_named(exported, samples, tmp_path):
    opened, graph = open_bundle(exported), locators.locator_graph()
    manifest = opened.manifest.model_copy(update={"locator": locators.make_spec(graph)})
    located = dataclasses.replace(opened, manifest=manifest, locator=graph)
    record = TrustMeter(located).record(samples, MAX_IMAGES, seed=1)
    assert len(record.rows) + len(record.refused) == len(samples)
    assert f"{samples[0].data}, blank" in record.refused
    page = tmp_path / "page.md"
    write_page([record], page)
    assert f"In {'; '.join(record.refused)} exactly one thing" in page.read_text()


def test_bundles_of_several_folders_are_measured(exported, data, tmp_path, call):
    for folder, name in (("bundles", "one"), ("located", "another")):
        shutil.copytree(exported, tmp_path / folder / name)
    records = tmp_path / "records"
    options = ("--data", data, "--records", records, "--max-images", MAX_IMAGES)
    folders = ("--bundles", tmp_path / "bundles", "--bundles", tmp_path / "located")
    code, out, err = call("trust", *options, *folders, "--out", tmp_path / "trust.md")
    assert code == 0, err
    assert out.count("wrote") == 3


def test_a_bundle_that_may_have_been_trained_on_the_samples_is_left_out(data, tmp_path, call):
    fakes.make_bundle(tmp_path / "bundles", "theirs", **fakes.adopted())
    records, out = tmp_path / "records", tmp_path / "a.md"
    options = ["--bundles", tmp_path / "bundles", "--records", records, "--out", out]
    _, printed, err = call("trust", "--data", data, *options)
    assert "theirs: it may have been trained on these images" in printed
    assert "has no records" in err


def test_data_of_another_kind_is_refused(bundle, sources, tmp_path):
    with pytest.raises(DataError, match="has none of"):
        open_sources(tmp_path, tmp_path / "scratch", seed=1)
    with pytest.raises(DataError, match="no data set here"):
        list(samples_of(bundle, sources[1:], MAX_IMAGES, seed=1))
    with pytest.raises(RunError, match="has no records"):
        read_records(TrustRecord, tmp_path)
