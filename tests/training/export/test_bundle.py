import json
import re
import shutil

import numpy as np
import pytest
import torch

from model.bundle import identity_digest, open_bundle, read_manifest
from model.golden import check_golden, golden_image
from model.manifest import Kind, Metric
from tests.training import synthetic
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.encoder import trained_encoder
from training.errors import CollapsedError, ExportError, RunError
from training.export.bundle import export_run, trained_of
from training.export.model_card import render_card
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.metrics.pairs import all_pairs
from training.runs.looks import SHIPPED
from training.runs.run_folder import RunFolder

BUNDLES = sorted(
    SHIPPED / "bundles" / name for name in ("att-chopra", "faces", "faces-crops", "omniglot")
)


@pytest.fixture(scope="module")
def bundle(exported):
    return open_bundle(exported)


def test_the_bundle_opens_and_passes_its_self_check(bundle):
    manifest = bundle.manifest
    assert (manifest.name, manifest.version) == ("patterns", "0.1.0")
    assert (manifest.kind, manifest.metric) == (Kind.ENCODER, Metric.L2)
    assert manifest.embedding_dim == 16
    check_golden(manifest.golden, manifest.input, OnnxEncoder(bundle.onnx).embed)


def test_the_bundles_graph_is_the_runs_encoder_on_real_images(bundle, run, folder):
    made = RunFolder(run)
    encoder = trained_encoder(made.config(), made.load_checkpoint())
    pixels = decode(read_folder(folder), made.config().input).pixels
    expected = embed(encoder, pixels, torch.device("cpu"))
    answer = OnnxEncoder(bundle.onnx).embed(pixels)
    assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()


def test_the_bundle_keeps_the_split_as_digests(bundle, run):
    split = RunFolder(run).split()
    assert bundle.split.train == set(map(identity_digest, split.train))
    assert bundle.split.calibration == set(map(identity_digest, split.calibration))
    assert bundle.split.test == set(map(identity_digest, split.test))


def test_thresholds_come_from_the_calibration_part_and_rates_from_the_test_part(
    bundle, run, folder
):
    manifest, split = bundle.manifest, RunFolder(run).split()
    pairs = {}
    for part in ("calibration", "test"):
        images = read_folder(folder).of(getattr(split, part), 3)
        embeddings = OnnxEncoder(bundle.onnx).embed(decode(images, manifest.input).pixels)
        pairs[part] = all_pairs(embeddings, images.labels(), Metric.L2)
    assert manifest.calibration.sample == pairs["calibration"].sample
    assert manifest.accuracy.sample == pairs["test"].sample
    assert manifest.accuracy.sample.images == 15
    for point in manifest.calibration.operating_points[:-1]:
        fmr = np.mean(pairs["calibration"].impostor.astype(float) <= point.threshold)
        assert fmr <= point.target_fmr
        tested = np.mean(pairs["test"].impostor.astype(float) <= point.threshold)
        assert point.test.fmr == pytest.approx(tested)


def test_the_provenance_says_where_the_weights_come_from(bundle, run, folder):
    provenance = bundle.manifest.provenance
    assert provenance.data_sha256 == read_folder(folder).fingerprint()
    assert (provenance.train_identities, provenance.train_images) == (10, 40)
    assert json.loads(provenance.config_json)["name"] == "patterns"
    assert provenance.seed == RunFolder(run).config().seed
    assert provenance.training_seconds > 0
    encoder = trained_encoder(RunFolder(run).config(), RunFolder(run).load_checkpoint())
    assert provenance.parameters == sum(p.numel() for p in encoder.parameters())


def test_the_card_says_what_the_manifest_says(bundle):
    text = (bundle.folder / "README.md").read_text()
    manifest = bundle.manifest
    assert text.startswith("# patterns 0.1.0")
    for said in (manifest.card.intended_use, manifest.card.not_for, manifest.card.data_licence):
        assert said in text
    assert f"{100 * manifest.accuracy.eer:.2f} %" in text
    for point in manifest.calibration.operating_points:
        assert f"{point.threshold:.4g}" in text
    assert text.count("(default)") == 1
    assert "| equal error |" not in text
    equal = manifest.calibration.operating_points[-1]
    row = rf"^\| equal errors in calibration( \(default\))? \| {equal.threshold:.4g} \|"
    assert re.search(row, text, re.MULTILINE)
    assert not re.search(r"\{\{|\}\}|\{%|None", text)


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_the_card_of_a_shipped_bundle_is_that_of_its_manifest(folder):
    assert (folder / "README.md").read_text() == render_card(read_manifest(folder))


def test_exporting_again_gives_the_same_bundle_by_the_name_of_its_folder(bundle, run, tmp_path):
    export_run(RunFolder(run), tmp_path / "my-parts.v2")
    again = open_bundle(tmp_path / "my-parts.v2")
    assert again.manifest == bundle.manifest.model_copy(update={"name": "my-parts.v2"})
    assert again.onnx == bundle.onnx


def test_a_graph_that_disagrees_is_an_error_and_nothing_is_written(run, tmp_path, monkeypatch):
    original = OnnxEncoder.embed

    def off(self, images):
        return original(self, images) * np.float32(1.001)

    monkeypatch.setattr(OnnxEncoder, "embed", off)
    with pytest.raises(ExportError, match="nothing was written"):
        export_run(RunFolder(run), tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_name_cannot_be_a_bundles_is_refused_before_anything_is_written(
    run, tmp_path
):
    with pytest.raises(ExportError, match="'My Parts' cannot be a name"):
        export_run(RunFolder(run), tmp_path / "My Parts")
    assert list(tmp_path.iterdir()) == []


def test_a_collapsed_encoder_is_not_exported(run, tmp_path):
    copy = RunFolder(shutil.copytree(run, tmp_path / "copy"))
    state = copy.load_checkpoint()
    # The last batch norm returns its bias for every image.
    state["encoder"]["head.6.weight"].zero_()
    state["encoder"]["head.6.bias"].fill_(1.0)
    copy.save_checkpoint(state)
    with pytest.raises(CollapsedError, match="nearly the same"):
        export_run(copy, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_history_longer_than_the_checkpoint_is_not_counted(run, bundle, tmp_path):
    copy = RunFolder(shutil.copytree(run, tmp_path / "copy"))
    copy.write_history([*copy.history(), {"epoch": 99, "seconds": 1e6}])
    counted = trained_of(copy).provenance.training_seconds
    assert counted == bundle.manifest.provenance.training_seconds


def test_a_run_without_a_finished_epoch_is_not_exported(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "checkpoint.pt").unlink()
    with pytest.raises(RunError, match="no checkpoint yet"):
        export_run(RunFolder(copy), tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_run_whose_data_changed_is_not_exported(run, folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "id00" / "0.png").unlink()
    with pytest.raises(RunError, match="not what"):
        export_run(RunFolder(run), tmp_path / "bundle", other)
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    "config",
    [synthetic.chopra(epochs=1), synthetic.config(epochs=1, average_decay=0.5, bfloat16=True)],
    ids=["chopra", "moving average in bfloat16"],
)
def test_every_kind_of_run_is_exported(config, folder, tmp_path):
    synthetic.train(config, folder, tmp_path / "run")
    manifest = export_run(RunFolder(tmp_path / "run"), tmp_path / "bundle")
    assert open_bundle(tmp_path / "bundle").manifest == manifest
    assert manifest.metric is config.metric


def test_a_run_of_codes_is_exported_with_a_golden_code_that_it_passes(exported_codes):
    opened = open_bundle(exported_codes)
    manifest = opened.manifest
    assert (manifest.kind, manifest.metric) == (Kind.CODES, Metric.HAMMING)
    assert manifest.embedding_dim == len(manifest.golden.embedding) == 2
    check_golden(manifest.golden, manifest.input, OnnxEncoder(opened.onnx).embed)
    assert "code of 16 bits" in (exported_codes / "README.md").read_text()


def test_the_golden_codes_bits_near_0_are_named_as_undecided(codes_run, tmp_path):
    run = RunFolder(shutil.copytree(codes_run, tmp_path / "run"))
    state = run.load_checkpoint()
    image = golden_image(run.config().input)[np.newaxis]
    encoder = trained_encoder(run.config(), state)
    activations = embed(encoder, image, torch.device("cpu"))[0]
    state["encoder"]["layers.4.bias"][5] -= float(activations[5])  # Now 0 for the golden image.
    run.save_checkpoint(state)
    golden = export_run(run, tmp_path / "bundle").golden
    assert 5 in golden.undecided
    assert len(golden.undecided) <= 2


def test_codes_that_are_all_alike_are_not_exported(codes_run, tmp_path):
    run = RunFolder(shutil.copytree(codes_run, tmp_path / "run"))
    state = run.load_checkpoint()
    state["encoder"]["layers.4.bias"] += 100  # All signs are equal; activations vary.
    run.save_checkpoint(state)
    with pytest.raises(CollapsedError, match="nearly the same"):
        export_run(run, tmp_path / "bundle")
