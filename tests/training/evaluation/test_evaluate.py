import dataclasses

import numpy as np
import pytest

from model.bundle import Split, identity_digest, open_bundle
from tests import fakes
from tests.training import synthetic
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.errors import DataError
from training.evaluation.benchmarks import CALIBRATED, TEN_FOLD, benchmarks
from training.evaluation.evaluate import evaluate
from training.evaluation.opening import system_of
from training.evaluation.unseen import Origin, split_unseen
from training.inference.onnx_runtime import OnnxEncoder
from training.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def bundle(exported):
    return open_bundle(exported)


@pytest.fixture(scope="module")
def evaluation(bundle, folder):
    return evaluate(bundle, read_folder(folder))


def split_of(train=(), calibration=(), test=()):
    return Split(*(frozenset(map(identity_digest, part)) for part in (train, calibration, test)))


def unseen_by(bundle, images):
    return split_unseen(Origin.of(bundle), images, images.fingerprint()).test


def made_from(bundle, images):
    """The bundle, as if it had been made from some images."""
    made = bundle.manifest.provenance.model_copy(update={"data_sha256": images.fingerprint()})
    manifest = bundle.manifest.model_copy(update={"provenance": made})
    return dataclasses.replace(bundle, manifest=manifest)


def test_on_its_own_data_a_bundle_measures_what_its_manifest_says(evaluation, bundle):
    assert evaluation.same_data
    assert evaluation.accuracy == bundle.manifest.accuracy
    assert evaluation.conditions == bundle.manifest.conditions
    for (target, threshold, rates), point in zip(
        evaluation.points, bundle.manifest.calibration.operating_points, strict=True
    ):
        assert (target, threshold) == (point.target_fmr, point.threshold)
        assert rates == point.test


def test_only_the_test_identities_are_measured(evaluation, bundle, folder, run):
    test = RunFolder(run).split().test
    assert unseen_by(bundle, read_folder(folder)) == test
    assert evaluation.pairs.subjects == len(test) == 5


def test_of_a_part_of_its_data_a_bundle_measures_no_identity_that_it_has_seen(bundle, folder, run):
    split = RunFolder(run).split()
    images = read_folder(folder).of([*split.train, *split.calibration, *split.test[:3]])
    found = evaluate(bundle, images)
    assert not found.same_data
    assert found.pairs.subjects == 3
    assert found.left_out == len(split.train) + len(split.calibration)


def test_names_that_are_alike_by_chance_can_be_measured(bundle, run):
    names = RunFolder(run).split().train[:4]
    images = synthetic.image_set(dict.fromkeys(names, 3))
    with pytest.raises(DataError, match="--include-known-names"):
        evaluate(bundle, images)
    assert evaluate(bundle, images, include_known_names=True).pairs.subjects == 4


def test_known_names_are_never_measured_on_the_bundles_own_data(bundle, folder, run):
    found = evaluate(bundle, read_folder(folder), include_known_names=True)
    assert found.pairs.subjects == len(RunFolder(run).split().test)


def test_on_other_data_every_identity_is_measured_that_was_not_seen(bundle):
    images = synthetic.image_set({f"new{i}": 2 for i in range(4)})
    found = evaluate(bundle, images)
    assert not found.same_data
    assert found.pairs.subjects == 4
    assert found.data == "patterns"


def test_identities_that_were_trained_on_are_not_measured(bundle):
    known = dataclasses.replace(bundle, split=split_of(train=["new0"], calibration=["new1"]))
    images = synthetic.image_set({f"new{i}": 2 for i in range(4)})
    assert unseen_by(known, images) == ("new2", "new3")


def test_on_the_bundles_own_data_nobody_but_the_test_part_is_measured(bundle):
    known = dataclasses.replace(bundle, split=split_of(train=["new0"], test=["new1", "new2"]))
    images = synthetic.image_set({f"new{i}": 2 for i in range(5)})
    assert unseen_by(made_from(known, images), images) == ("new1", "new2")


def test_data_that_was_all_seen_is_an_error(bundle, folder, run):
    images = read_folder(folder).of(RunFolder(run).split().train)
    with pytest.raises(DataError, match="seen every name"):
        evaluate(bundle, images)


def test_a_bundle_without_a_split_has_seen_nobody(bundle, folder):
    images = read_folder(folder)
    anybody = dataclasses.replace(bundle, split=None)
    assert unseen_by(anybody, images) == images.identities


def test_of_one_identity_at_most_so_many_images_are_measured(bundle, folder):
    assert evaluate(bundle, read_folder(folder), images_per_identity=2).pairs.images == 10


def test_a_large_set_is_bounded_by_whole_identities(monkeypatch):
    monkeypatch.setattr("training.data.image_set.MAX_IMAGES", 60)
    images = synthetic.image_set({f"p{i:03d}": 1 + i % 7 for i in range(100)})
    few = images.bounded(4)
    assert 30 < len(few) <= 60
    counts = np.bincount(few.labels())
    assert [*counts] == [min(4, 1 + int(name[1:]) % 7) for name in few.identities]
    assert images.bounded(4).identities == few.identities


def test_a_bundle_of_codes_is_measured_by_its_bits(folder, tmp_path):
    path = fakes.make_bundle(tmp_path, "codes", fakes.Kind.CODES)
    found = evaluate(open_bundle(path), read_folder(folder))
    assert (found.pairs.impostor == np.round(found.pairs.impostor)).all()
    assert 0 < found.pairs.impostor.max() <= 8 * fakes.DIM


def listed_pairs(names):
    """Twelve genuine pairs of two images each, then as many impostor pairs."""
    genuine = [(f"{name}/0.png", f"{name}/1.png", True) for name in names]
    impostor = [
        (f"{name}/0.png", f"{other}/0.png", False)
        for name, other in zip(names, [*names[1:], names[0]], strict=True)
    ]
    return tuple(genuine + impostor)


def test_official_pairs_are_measured_where_all_their_people_are_unseen(bundle):
    names = [f"new{i:02d}" for i in range(12)]
    pairs = {"the list": listed_pairs(names)}
    images = synthetic.image_set(dict.fromkeys(names, 2), official_pairs=pairs)
    found = {each.measure: each for each in evaluate(bundle, images).accuracy.benchmarks}
    assert {(each.name, each.pairs) for each in found.values()} == {("the list", 24)}
    assert 0.5 <= found[TEN_FOLD].value <= 1
    [equal] = [p for p in bundle.manifest.calibration.operating_points if p.target_fmr is None]
    embeddings = OnnxEncoder(bundle.onnx).embed(decode(images, bundle.manifest.input).pixels)
    row = {image.name: i for i, image in enumerate(images)}
    left, right = (embeddings[[row[pair[i]] for pair in pairs["the list"]]] for i in (0, 1))
    same = np.linalg.norm(left - right, axis=1) <= equal.threshold
    decided = np.mean(same == [kind for *_, kind in pairs["the list"]])
    assert found[CALIBRATED].value == pytest.approx(decided)


def test_official_pairs_with_somebody_who_was_seen_are_left_out(bundle):
    names = [f"new{i:02d}" for i in range(12)]
    pairs = {"the list": listed_pairs(names)}
    images = synthetic.image_set(dict.fromkeys(names, 2), official_pairs=pairs)
    known = dataclasses.replace(bundle, split=split_of(train=["new05"]))
    assert evaluate(known, images).accuracy.benchmarks == ()


def test_an_official_pair_whose_image_cannot_be_read_is_an_error(bundle, tmp_path):
    names = [f"new{i:02d}" for i in range(12)]
    files = {f"{name}/{k}.png": synthetic.png(synthetic.pattern(3)) for name in names for k in "01"}
    files["new03/1.png"] = b"garbage"
    images = read_folder(synthetic.write_files(tmp_path / "data", files))
    listed = dataclasses.replace(images, official_pairs={"the list": listed_pairs(names)})
    with pytest.raises(DataError, match="1 of its images cannot be read"):
        list(benchmarks(system_of(bundle, listed), bundle.manifest.calibration))


def test_the_runtime_gives_each_image_its_own_row(bundle, folder):
    pixels = decode(read_folder(folder), bundle.manifest.input).pixels
    encoder = OnnxEncoder(bundle.onnx)
    together = encoder.embed(pixels)  # More than one batch of 64.
    assert len(together) == 80
    for i in (0, 63, 64, 79):
        np.testing.assert_allclose(together[i], encoder.embed(pixels[i : i + 1])[0], atol=1e-6)
