import numpy as np
import pytest

from app.settings import SHIPPED_BUNDLES
from model.bundle import identity_digest, open_bundle, read_manifest
from tests.training import synthetic
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.data.split import split_in_two
from training.errors import DataError, ExportError, SplitError
from training.evaluation.evaluate import evaluate
from training.export.model_card import render_card
from training.export.recalibrate import next_patch, recalibrate
from training.inference.onnx_runtime import OnnxEncoder
from training.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def bundle(exported):
    return open_bundle(exported)


@pytest.fixture(scope="module")
def images():
    """Write data that the bundle was not made from: 24 new identities with 3 images each."""
    return synthetic.image_set({f"new{i:02d}": 3 for i in range(24)})


@pytest.fixture(scope="module")
def fitted(bundle, images, tmp_path_factory):
    to = tmp_path_factory.mktemp("fitted") / "mine"
    recalibrate(bundle, images, to, seed=6)
    return open_bundle(to)


def test_the_graph_and_what_belongs_to_it_stay_as_they_are(bundle, fitted):
    assert fitted.onnx == bundle.onnx
    kept = ("kind", "input", "metric", "embedding_dim", "onnx", "golden", "card")
    for field in kept:
        assert getattr(fitted.manifest, field) == getattr(bundle.manifest, field)
    provenance = fitted.manifest.provenance
    assert provenance.model_copy(update={"calibrated_on": None}) == bundle.manifest.provenance


def test_name_version_and_source_are_told(bundle, fitted, images):
    assert (bundle.manifest.version, fitted.manifest.version) == ("0.1.0", "0.1.1")
    assert fitted.manifest.name == "mine"
    source = fitted.manifest.provenance.calibrated_on
    assert (source.of, source.data, source.seed) == ("patterns 0.1.0", "patterns", 6)
    assert source.data_sha256 == images.fingerprint()
    card = (fitted.folder / "README.md").read_text()
    assert card == render_card(fitted.manifest)
    assert "graph of patterns 0.1.0, calibrated anew on patterns" in card
    assert "12 other identities of patterns" in card


def test_thresholds_are_those_of_one_half_and_rates_those_of_the_other(fitted, images):
    split = split_in_two(images, 6)
    calibration, test = (energies(fitted, images.of(p)) for p in (split.calibration, split.test))
    rounding = 1e-6  # These sums have another order than the manifest's.
    for point in fitted.manifest.calibration.operating_points[:-1]:
        threshold = point.threshold - rounding
        assert np.mean(calibration[1] <= threshold) <= point.target_fmr
        assert point.calibration.fmr == pytest.approx(np.mean(calibration[1] <= threshold))
        assert point.test.fmr == pytest.approx(np.mean(test[1] <= threshold))
        assert point.test.fnmr == pytest.approx(np.mean(test[0] > threshold))


def energies(bundle, images):
    """Compute genuine and impostor energies, pair by pair."""
    decoded = decode(images, bundle.manifest.input)
    embeddings, owner = OnnxEncoder(bundle.onnx).embed(decoded.pixels), decoded.source.labels()
    found = [], []
    for i in range(len(owner)):
        for j in range(i):
            found[int(owner[i] != owner[j])].append(np.linalg.norm(embeddings[i] - embeddings[j]))
    return tuple(map(np.array, found))


def test_evaluated_on_that_data_it_measures_what_its_manifest_says(fitted, images):
    found = evaluate(fitted, images)
    assert found.same_data
    assert found.accuracy == fitted.manifest.accuracy


def test_the_halves_are_of_different_identities_by_seed(images):
    one, other = split_in_two(images, 1), split_in_two(images, 2)
    assert one != other
    assert one == split_in_two(images, 1)
    assert not set(one.calibration) & set(one.test)
    assert sorted([*one.calibration, *one.test]) == [*images.identities]
    assert len(one.calibration) == len(one.test) == 12


def test_nobody_is_taken_whom_the_bundle_has_seen(bundle, run, images, tmp_path):
    split = RunFolder(run).split()
    seen = [*split.train[:3], *split.calibration[:2]]
    mixed = synthetic.image_set(dict.fromkeys([*images.identities, *seen], 3))
    done = recalibrate(bundle, mixed, tmp_path / "mine")
    assert done.left_out == 5
    written = open_bundle(tmp_path / "mine").split
    assert not {identity_digest(name) for name in seen} & written.test
    assert written.train == bundle.split.train
    assert bundle.split.calibration <= written.calibration
    assert done.manifest.calibration.sample.identities == 12


def test_data_that_was_all_trained_on_is_refused(bundle, folder, run, tmp_path):
    trained = read_folder(folder).of(RunFolder(run).split().train)
    with pytest.raises(DataError, match="seen every name"):
        recalibrate(bundle, trained, tmp_path / "mine")
    named_alike = synthetic.image_set(dict.fromkeys(trained.identities, 2))
    done = recalibrate(bundle, named_alike, tmp_path / "mine", include_known_names=True)
    assert done.left_out == 0


def test_names_of_the_training_data_are_never_alike_by_chance(fitted, folder, run, tmp_path):
    own = read_folder(folder)
    done = recalibrate(fitted, own, tmp_path / "mine", include_known_names=True)
    assert done.left_out == 20 - len(RunFolder(run).split().test)


def test_too_few_identities_or_a_wrong_name_write_nothing(bundle, images, tmp_path):
    with pytest.raises(SplitError, match="the calibration part would have 1"):
        recalibrate(bundle, images.of(["new00", "new01", "new02"]), tmp_path / "mine")
    with pytest.raises(ExportError, match="cannot be a name"):
        recalibrate(bundle, images, tmp_path / "Not a name")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_can_be_fitted_in_its_place_again_and_again(bundle, images, tmp_path):
    recalibrate(bundle, images, tmp_path / "mine")
    recalibrate(open_bundle(tmp_path / "mine"), images, tmp_path / "mine", seed=1)
    again = open_bundle(tmp_path / "mine")
    assert again.manifest.version == "0.1.2"
    assert again.manifest.provenance.calibrated_on.of == "mine 0.1.1"


def test_a_patch_is_the_last_number():
    assert next_patch("1.2.9") == "1.2.10"


@pytest.mark.parametrize("name", ["faces", "att-chopra"])
def test_shipped_bundles_are_calibrated_on_their_own_data(name):
    assert read_manifest(SHIPPED_BUNDLES / name).provenance.calibrated_on is None
