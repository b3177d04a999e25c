import dataclasses

import pytest

from app.catalog.catalog import load_catalog
from app.settings import Provider
from app.worker.service import load_model
from model.bundle import open_bundle, write_bundle
from tests.training import synthetic
from training.data.decoding import decode
from training.data.source import open_data
from training.errors import ExportError, RunError
from training.export.convert import compare_precisions, convert_bundle, images_per_second
from training.export.quantisation import Precision
from training.export.recalibrate import recalibrate


@pytest.fixture(scope="module")
def opened(exported):
    return open_bundle(exported)


@pytest.fixture(scope="module")
def images(folder):
    return open_data(folder)


def test_a_converted_bundle_has_its_own_figures_on_the_same_identities(opened, images):
    converted = convert_bundle(opened, images, Precision.INT8_STATIC, "small")
    manifest = converted.manifest
    assert manifest.name == "small"
    assert manifest.accuracy.sample == opened.manifest.accuracy.sample
    assert manifest.calibration.sample == opened.manifest.calibration.sample
    assert manifest.calibration != opened.manifest.calibration
    assert manifest.split_sha256 == opened.manifest.split_sha256
    assert opened.manifest.onnx.sha256[:16] in manifest.card.summary


@pytest.mark.parametrize("precision", Precision)
def test_the_service_opens_a_converted_bundle(opened, images, precision, tmp_path):
    converted = convert_bundle(opened, images, precision, "small")
    write_bundle(
        tmp_path / "small",
        converted.manifest,
        converted.graph,
        split=opened.split,
        domain=converted.domain,
    )
    catalog = load_catalog(tmp_path, "small", lambda bundle: load_model(bundle, Provider.CPU))
    assert catalog.get().manifest == converted.manifest


def test_other_data_is_refused(opened, images):
    others = images.of(images.identities[:10])
    with pytest.raises(RunError, match="is not the data"):
        convert_bundle(opened, others, Precision.FP16, "small")


def test_a_bundle_without_its_split_is_refused(opened, images):
    with pytest.raises(ExportError, match="only an encoder with its split of identities"):
        convert_bundle(dataclasses.replace(opened, split=None), images, Precision.FP16, "small")


def test_every_precision_is_compared_with_the_bundle_as_it_is(opened, images, monkeypatch):
    monkeypatch.setattr("training.export.convert._SPEED_SECONDS", 0.02)
    rows = compare_precisions(opened, images)
    assert [row.precision for row in rows] == ["fp32", *Precision]
    assert rows[0].manifest == opened.manifest
    assert all(row.single > 0 and row.batched > 0 for row in rows)


def test_speed_counts_images_not_runs(opened, images, monkeypatch):
    monkeypatch.setattr("training.export.convert._SPEED_SECONDS", 0.2)
    pixels = decode(images, opened.manifest.input).pixels
    single, batched = (images_per_second(opened.onnx, pixels, n) for n in (1, 32))
    assert batched > 0.3 * single


def test_a_bundle_that_was_calibrated_anew_is_refused_with_what_to_do(opened, images, tmp_path):
    new = open_data(synthetic.write_files(tmp_path / "new", renamed(synthetic.files_of(8))))
    recalibrate(opened, new, tmp_path / "anew")
    with pytest.raises(ExportError, match=r"convert the bundle that it is from, patterns 0\.1\.0"):
        convert_bundle(open_bundle(tmp_path / "anew"), images, Precision.FP16, "small")


def renamed(files):
    return {f"new-{name}": data for name, data in files.items()}
