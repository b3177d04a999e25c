"""Closed set, from split to report: images are divided, and all classes are trained on."""

import json

import pytest

from model.bundle import identity_digest, open_bundle
from model.manifest import SplitBy
from tests.training import synthetic
from training.config.sections import SplitConfig
from training.data.readers.folder import read_folder
from training.errors import DataError
from training.evaluation.evaluate import evaluate
from training.evaluation.opening import system_of
from training.export.bundle import export_run
from training.results.page import write_results
from training.results.record import EER, EER_CLOSED, record_run
from training.runs.run_folder import RunFolder

CONFIG = synthetic.config(
    epochs=1,
    split=SplitConfig(calibration=0.25, test=0.25, by="image"),
    protocols=({"name": "knn", "options": {"k": 3}},),
    targets=({"figure": "kNN error, k = 3", "at_most": 1.0, "published": "the paper's"},),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("digits") / "data"
    return synthetic.write_files(root, synthetic.files_of(identities=4, images=12))


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "closed"
    synthetic.train(CONFIG, data, out)
    return RunFolder(out)


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "closed"
    export_run(run, folder)
    return open_bundle(folder)


def test_the_run_keeps_the_names_of_the_images(run, data):
    parts = json.loads((run.path / "split.json").read_text())
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 24,
        "calibration": 12,
        "test": 12,
    }
    assert {name for part in parts.values() for name in part} == {i.name for i in read_folder(data)}
    assert run.split().train == tuple(parts["train"])


def test_the_bundle_keeps_digests_of_the_images_and_says_what_they_are(bundle, run):
    assert bundle.manifest.split_by is SplitBy.IMAGE
    assert bundle.split.test == set(map(identity_digest, run.split().test))
    assert not bundle.split.test & (bundle.split.train | bundle.split.calibration)
    provenance = bundle.manifest.provenance
    assert (provenance.train_identities, provenance.train_images) == (4, 24)


def test_every_class_is_measured_and_no_image_that_was_seen(bundle, run, data):
    unseen = system_of(bundle, read_folder(data)).tested
    assert tuple(image.name for image in unseen) == run.split().test
    assert bundle.manifest.accuracy.sample.images == 12
    assert bundle.manifest.accuracy.sample.identities == 4


def test_evaluating_again_gives_what_the_manifest_says(bundle, data):
    found = evaluate(bundle, read_folder(data))
    assert found.same_data
    assert found.accuracy == bundle.manifest.accuracy


def test_of_other_data_only_images_of_other_names_are_measured(bundle, run, data):
    images = read_folder(data).only([*run.split().test, *run.split().calibration])
    found = evaluate(bundle, images)
    assert not found.same_data
    assert found.pairs.images == len(run.split().test)
    assert found.left_out == len(run.split().calibration)
    with pytest.raises(DataError, match="seen every name"):
        evaluate(bundle, read_folder(data).only(run.split().train))


def test_protocol_and_card_say_that_the_classes_are_known(bundle):
    protocol = bundle.manifest.accuracy.protocol
    assert "4 classes are known from training" in protocol
    assert "of new classes nothing is said" in protocol
    card = (bundle.folder / "README.md").read_text()
    assert "**A closed set:** all 4 classes were trained on" in card
    assert "12 other images" in card
    assert "other identities" not in card
    assert "24 images of 4 classes" in card


def test_the_record_names_its_figures_by_what_was_new(run, bundle, tmp_path):
    record = record_run(run, bundle.folder)
    figures = {figure.name: figure for figure in record.figures}
    assert EER_CLOSED in figures
    assert EER not in figures
    assert figures["kNN error, k = 3"].trials == 12
    page, *_ = write_results([record], tmp_path / "page.md")
    assert "kNN error, k = 3" in page.read_text()


def test_the_map_of_a_closed_set_shows_new_images_of_known_classes(run, bundle, data):
    images = read_folder(data)
    for opened in (run, bundle):
        system = system_of(opened, images)
        assert tuple(image.name for image in system.tested) == run.split().test
        assert system.is_closed_set
