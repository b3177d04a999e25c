from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.manifold import trustworthiness
from typer.testing import CliRunner

from model.bundle import open_bundle
from model.manifest import Aspect, InputSpec, Metric
from tests.training import synthetic
from tests.training.synthetic import image_set
from training.cli import _app
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.data.split import IdentitySplit, ImageSplit
from training.encoder import trained_encoder
from training.errors import DataError, RunError
from training.evaluation.opening import system_of
from training.evaluation.system import SystemUnderTest
from training.export.bundle import export_run
from training.export.recalibrate import recalibrate
from training.inference.comparer import EmbeddingComparer
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.projection.map import (
    MAX_IMAGES,
    Map,
    choose,
    draw_map,
    neighbour_accuracy,
)
from training.projection.plot import map_svg
from training.runs.run_folder import RunFolder, open_system

UNSEEN = tuple(f"t{i}" for i in range(6))
IMAGES = image_set({f"s{i}": 3 for i in range(4)} | dict.fromkeys(UNSEEN, 8))
SPEC = InputSpec(width=12, height=12, channels=1, aspect=Aspect.STRETCH)


def told_apart(pixels):
    """A stand-in for a good encoder: images in sixes of eight, each eight at a point of its own."""
    return np.repeat(np.eye(len(pixels) // 8) * 9, 8, axis=0) + np.arange(len(pixels))[:, None] / 99


def system_with(embed):
    comparer = EmbeddingComparer(embed, Metric.L2)
    return SystemUnderTest(comparer, SPEC, IMAGES, IdentitySplit((), (), UNSEEN))


@pytest.fixture(scope="module")
def drawn():
    system = system_with(told_apart)
    return draw_map(system, identities=4, limit=32, seed=0)


def test_alike_many_images_of_unseen_identities_are_shown(drawn):
    assert len(drawn.identities) == 4
    assert set(drawn.identities) <= set(UNSEEN)
    assert np.bincount(drawn.identity).tolist() == [8] * 4
    assert all(len(panel.points) == 32 for panel in drawn.panels)


def test_an_encoder_that_tells_identities_apart_has_all_neighbours_right(drawn):
    assert drawn.embedding_accuracy == 1
    assert drawn.panels[0].method == "Encoder (PCA of its embedding)"
    assert drawn.panels[0].reduced == "embedding"
    assert {panel.reduced for panel in drawn.panels[2:]} == {"pixels"}


def test_an_encoder_of_two_dimensions_is_its_own_map(drawn):
    def plane(pixels):
        angle = np.arange(len(pixels)) // 8
        return (
            np.stack([np.cos(angle), np.sin(angle)], axis=1)
            * np.linspace(1, 2, len(pixels))[:, None]
        )

    names = tuple(image.name for image in IMAGES.of(UNSEEN))
    system = replace(system_with(plane), split=ImageSplit((), (), names))
    found = draw_map(system, identities=4, limit=32, seed=0)
    first, *others = found.panels
    assert (first.method, first.reduced) == ("Encoder (its own two dimensions)", "pixels")
    expected = plane(np.empty(32))
    np.testing.assert_allclose(first.points, expected / np.abs(expected).max(), atol=1e-4)
    assert first.accuracy == found.embedding_accuracy
    pixels = decode(choose(IMAGES.of(UNSEEN), 4, 32, 0), SPEC).pixels.reshape(32, -1) / 255
    assert first.trustworthiness == pytest.approx(trustworthiness(pixels, expected, n_neighbors=5))
    assert others == list(drawn.panels[2:])
    assert found.closed


def test_neighbours_vote_without_the_image_itself():
    rng = np.random.default_rng(7)
    features, labels = rng.standard_normal((40, 2)), rng.integers(0, 3, 40)
    right = 0
    for i in range(40):
        distances = np.linalg.norm(features - features[i], axis=1)
        distances[i] = np.inf
        votes = np.bincount(labels[np.argsort(distances)[:5]], minlength=3)
        right += votes.argmax() == labels[i]
    assert neighbour_accuracy(features, labels) == pytest.approx(right / 40)


def test_the_plot_has_every_panel_and_the_same_map_the_same_bytes(drawn):
    picture = map_svg(drawn)
    assert picture == map_svg(Map.model_validate_json(drawn.model_dump_json()))
    assert picture.count('<g id="axes_') == 10
    assert len(picture) < 120_000


def test_what_makes_no_map_is_refused():
    with pytest.raises(DataError, match="at least 2 identities"):
        choose(IMAGES.of(UNSEEN[:1]), 5, 100, 0)
    with pytest.raises(DataError, match="says nothing"):
        choose(IMAGES.of(UNSEEN), 2, 10, 0)
    with pytest.raises(DataError, match="at most 1000"):
        choose(IMAGES.of(UNSEEN), 2, MAX_IMAGES + 1, 0)


def test_a_bundle_is_drawn_on_its_test_identities(exported, run, folder, tmp_path):
    found = CliRunner().invoke(
        _app(), ["map", str(exported), "--data", str(folder), "--out", str(tmp_path)]
    )
    assert found.exit_code == 0, found.output
    drawn = Map.model_validate_json((tmp_path / "map.json").read_text())
    assert drawn.identities == RunFolder(run).split().test
    assert (tmp_path / "map.svg").read_text().startswith("<svg")


def test_a_run_embeds_as_its_bundle_does(exported, run, folder):
    images = read_folder(folder)
    of_run, of_bundle = (system_of(open_system(path), images) for path in (run, exported))
    assert of_run.tested == of_bundle.tested == images.of(RunFolder(run).split().test)
    assert of_run.is_closed_set is of_bundle.is_closed_set is False
    embeddings = (system.embed(images)[0] for system in (of_run, of_bundle))
    np.testing.assert_allclose(*embeddings, atol=1e-4)


def test_a_run_with_a_patience_is_drawn_by_the_weights_that_are_exported(folder, tmp_path):
    config = synthetic.config(epochs=30, patience=2)
    synthetic.train(config, folder, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    export_run(run, tmp_path / "bundle")
    graph = OnnxEncoder(open_bundle(tmp_path / "bundle").onnx)
    images = read_folder(folder)
    expected = graph.embed(decode(images, config.input).pixels)
    found, _ = system_of(run, images).embed(images)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    last = trained_encoder(config, run.load_checkpoint())
    from_last = embed(last, decode(images, config.input).pixels, torch.device("cpu"))
    assert np.abs(from_last - expected).max() > 0.01


def test_after_a_calibration_on_other_data_a_bundle_is_drawn_on_its_first_datas_test_identities(
    call, exported, run, folder, tmp_path
):
    other = image_set({f"new{i:02d}": 3 for i in range(12)})
    recalibrate(open_bundle(exported), other, tmp_path / "fitted")
    code, _, err = call("map", tmp_path / "fitted", "--data", folder, "--out", tmp_path / "out")
    assert code == 0, err
    drawn = Map.model_validate_json((tmp_path / "out" / "map.json").read_text())
    assert drawn.identities == RunFolder(run).split().test


def test_codes_are_drawn_by_their_bits_from_a_run_as_from_its_bundle(
    codes_run, exported_codes, folder
):
    images = read_folder(folder)
    of_run, of_bundle = (
        draw_map(system_of(open_system(path), images), 5, 20, 0)
        for path in (codes_run, exported_codes)
    )
    assert of_run.panels == of_bundle.panels


@pytest.mark.parametrize("fixture", ["pair_run", "exported_pair"])
def test_a_pair_model_has_no_map(fixture, folder, request):
    system = system_of(open_system(request.getfixturevalue(fixture)), read_folder(folder))
    with pytest.raises(DataError, match="no embedding to draw a map of"):
        draw_map(system, 5, 20, 0)


def test_on_other_data_a_run_has_seen_whom_it_was_trained_and_calibrated_on(run):
    split = RunFolder(run).split()
    names = [split.train[0], split.calibration[0], split.test[0], "new"]
    system = system_of(RunFolder(run), image_set(dict.fromkeys(names, 3)))
    assert set(system.tested.identities) == {split.test[0], "new"}
    with pytest.raises(DataError, match="has seen every name here"):
        system_of(RunFolder(run), image_set({split.train[0]: 3}))


def test_a_folder_that_is_neither_a_run_nor_a_bundle_is_refused(tmp_path):
    with pytest.raises(RunError, match="neither a run folder nor a bundle"):
        open_system(tmp_path)
