import numpy as np
import pytest

from model.bundle import open_bundle, write_bundle
from tests.training import synthetic
from training.config.schema import TrainingConfig
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.errors import ExportError, SealedError
from training.export.bundle import trained_of
from training.export.model_card import render_card
from training.export.recalibrate import recalibrate
from training.export.reexport import renew
from training.inference.onnx_runtime import OnnxEncoder
from training.runs.looks import Ledger
from training.runs.run_folder import RunFolder


@pytest.fixture
def whitened_now(monkeypatch):
    monkeypatch.setattr(
        "training.export.reexport.refresh_export",
        lambda config: config.model_copy(update={"whitening": 0.2, "version": "7.0.0"}),
    )


def test_a_bundle_as_it_is_comes_out_with_the_same_figures(exported, folder, tmp_path):
    before = open_bundle(exported).manifest
    after = renew(open_bundle(exported), read_folder(folder), tmp_path / "again")
    assert after.accuracy.eer == pytest.approx(before.accuracy.eer, abs=1e-6)
    assert after.calibration.sample == before.calibration.sample
    assert open_bundle(tmp_path / "again").onnx == open_bundle(exported).onnx
    assert after.golden == before.golden
    assert after.provenance.renewed_by is not None
    assert open_bundle(tmp_path / "again").split == open_bundle(exported).split


@pytest.mark.usefixtures("whitened_now")
def test_the_same_weights_are_exported_as_the_config_is_now(exported, folder, tmp_path):
    images = read_folder(folder)
    renew(open_bundle(exported), images, tmp_path / "again")
    before, after = open_bundle(exported), open_bundle(tmp_path / "again")
    config = TrainingConfig.model_validate_json(after.manifest.provenance.config_json)
    assert (config.export.whitening, after.manifest.version) == (0.2, "7.0.0")
    pixels = decode(images, after.manifest.input).pixels
    plain, white = (OnnxEncoder(each.onnx).embed(pixels) for each in (before, after))
    change = np.linalg.lstsq(plain, white, rcond=None)[0]
    turned = plain @ change
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    assert np.abs(white - plain).max() > 0.01
    assert np.mean((turned * white).sum(axis=1)) > 0.99
    assert after.manifest.provenance.parameters > before.manifest.provenance.parameters


def test_other_layers_are_a_second_look_and_the_same_ones_are_none(
    run, exported, folder, tmp_path, request
):
    bundle, images, ledger = open_bundle(exported), read_folder(folder), Ledger(tmp_path)
    ledger.add(trained_of(RunFolder(run)).look(bundle.onnx))
    renew(bundle, images, tmp_path / "again", ledger)
    assert len(ledger.looks()) == 1
    request.getfixturevalue("whitened_now")
    with pytest.raises(SealedError, match="by another system of patterns"):
        renew(bundle, images, tmp_path / "whitened", ledger)
    renew(bundle, images, tmp_path / "whitened", Ledger(tmp_path, "whitening by calibration EER"))
    assert [look.unsealed for look in ledger.looks()] == ["", "whitening by calibration EER"]


def test_other_data_than_it_was_made_from_is_refused(exported, tmp_path):
    files = synthetic.files_of(20, 4) | {"id03/9.png": synthetic.png(synthetic.pattern(3, 9))}
    other = read_folder(synthetic.write_files(tmp_path / "data", files))
    with pytest.raises(ExportError, match="give that data, or train again"):
        renew(open_bundle(exported), other, tmp_path / "again")


def test_a_bundle_calibrated_on_other_data_since_is_refused(exported, folder, tmp_path):
    files = {f"new{name}": png for name, png in synthetic.files_of(16, 4).items()}
    new = read_folder(synthetic.write_files(tmp_path / "data", files))
    recalibrate(open_bundle(exported), new, tmp_path / "fitted")
    with pytest.raises(ExportError, match="give that data, or train again"):
        renew(open_bundle(tmp_path / "fitted"), read_folder(folder), tmp_path / "again")


def test_a_bundle_that_does_not_say_who_was_trained_on_is_refused(exported, folder, tmp_path):
    opened = open_bundle(exported)
    silent = opened.manifest.model_copy(update={"split_sha256": None})
    write_bundle(tmp_path / "silent", silent, opened.onnx, card=render_card(silent))
    with pytest.raises(ExportError, match="give that data, or train again"):
        renew(open_bundle(tmp_path / "silent"), read_folder(folder), tmp_path / "again")
