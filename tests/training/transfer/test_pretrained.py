import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from rich.console import Console

from app.settings import SHIPPED_BUNDLES
from model.bundle import identity_digest, open_bundle
from model.manifest import Aspect
from tests import fakes
from tests.training import synthetic
from tests.training.fit.test_trainer import FakeProgress, Stopped, assert_same, stop
from training.config.sections import View
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.errors import RunError, WeightsError
from training.export.bundle import export_run
from training.fit.trainer import Trainer
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.runs.run_folder import RunFolder
from training.transfer.pretrained import open_weights

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def new_folder(tmp_path_factory):
    """Write a data set of sixteen identities that `run` was not trained on."""
    root = tmp_path_factory.mktemp("new") / "data"
    files = synthetic.files_of(36, 3)
    new = {name: data for name, data in files.items() if name >= "id20"}
    return synthetic.write_files(root, new)


@pytest.fixture(params=["bundle", "run"])
def weights(request, run, exported):
    return open_weights(exported if request.param == "bundle" else run)


def test_the_weights_of_a_bundle_and_of_its_run_compute_the_same(exported, run, folder):
    config = RunFolder(run).config()
    pixels = decode(read_folder(folder), config.input).pixels
    expected = OnnxEncoder(open_bundle(exported).onnx).embed(pixels)
    for source in (exported, run):
        encoder = open_weights(source).encoder_of(config, pixels)
        answer = embed(encoder, pixels, CPU)
        assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_config_takes_over_what_the_weights_belong_to(weights, run):
    begun = RunFolder(run).config()
    other = synthetic.chopra(epochs=7, name="other")
    adopted = weights.adopted(other)
    for field in ("input", "metric", "network"):
        assert getattr(adopted, field) == getattr(begun, field)
    assert (adopted.name, adopted.optimisation.epochs, adopted.loss) == ("other", 7, other.loss)


def test_a_config_of_images_of_the_same_size_keeps_its_own_framing(weights, run):
    own = RunFolder(run).config().input.model_copy(update={"middle": 0.5, "aspect": Aspect.PAD})
    views = (View(middle=0.4), View(middle=0.5, mirrored=True))
    adopted = weights.adopted(synthetic.config(input=own, views=views))
    assert (adopted.input, adopted.export.views) == (own, views)


def test_a_training_begins_with_the_weights_and_not_with_those_of_its_seed(
    weights, new_folder, run, tmp_path, monkeypatch
):
    begun = []
    monkeypatch.setattr(Trainer, "fit", lambda trainer, *_: begun.append(trainer))
    config = weights.adopted(synthetic.config(seed=9, average_decay=0.9))
    synthetic.train(config, new_folder, tmp_path / "run", weights=weights)
    pixels = decode(read_folder(new_folder), config.input).pixels
    expected = embed(open_weights(run).encoder_of(config, pixels), pixels, CPU)
    for encoder in (begun[0].encoder, begun[0].average.result):
        np.testing.assert_allclose(embed(encoder, pixels, CPU), expected, atol=1e-5)
    assert RunFolder(tmp_path / "run").load_checkpoint()["epoch"] == 0
    with pytest.raises(RunError, match="at least one epoch"):
        export_run(RunFolder(tmp_path / "run"), tmp_path / "bundle")


def test_a_training_with_initial_weights_that_was_stopped_goes_on_as_if_unbroken(
    exported, new_folder, tmp_path, monkeypatch
):
    weights = open_weights(exported)
    config = weights.adopted(synthetic.config(epochs=2))
    synthetic.train(config, new_folder, tmp_path / "unbroken", weights=weights)
    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, *_: fit(self, FakeProgress(0, stop)))
    with pytest.raises(Stopped):
        synthetic.train(config, new_folder, tmp_path / "broken", weights=weights)
    monkeypatch.undo()
    synthetic.resume(tmp_path / "broken")
    states = [RunFolder(tmp_path / name).load_checkpoint() for name in ("unbroken", "broken")]
    assert_same(*states)


def test_a_run_that_lost_its_initial_weights_does_not_go_on_without(exported, new_folder, tmp_path):
    weights = open_weights(exported)
    config = weights.adopted(synthetic.config(epochs=1))
    synthetic.train(config, new_folder, tmp_path / "run", weights=weights)
    (tmp_path / "run" / "checkpoint.pt").unlink()
    with pytest.raises(RunError, match="initial weights were saved; begin a new run"):
        synthetic.resume(tmp_path / "run")


def test_whom_the_weights_have_seen_is_trained_on_and_never_tested(
    weights, run, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(Trainer, "fit", lambda *_: None)
    before = RunFolder(run).split()
    data = synthetic.write_files(tmp_path / "data", synthetic.files_of(36, 3))
    config = weights.adopted(synthetic.config(epochs=1))
    synthetic.train(config, data, tmp_path / "run", weights=weights, console=Console())
    seen = {*before.train, *before.calibration}
    made = RunFolder(tmp_path / "run")
    assert seen <= set(made.split().train)
    assert f"{len(seen)} identities bear the name" in capsys.readouterr().out
    split = made.digests()
    assert set(map(identity_digest, seen)) <= split.train
    assert not split.train & (split.calibration | split.test)


def test_a_bundle_remembers_whom_its_initial_weights_have_seen(exported, new_folder, tmp_path):
    weights = open_weights(exported)
    config = weights.adopted(synthetic.config(epochs=1))
    synthetic.train(config, new_folder, tmp_path / "run", weights=weights)
    manifest = export_run(RunFolder(tmp_path / "run"), tmp_path / "bundle")
    assert manifest.provenance.initial_weights == weights.source
    assert manifest.provenance.initial_weights.name == "patterns"
    card = (tmp_path / "bundle" / "README.md").read_text()
    assert "began with the weights of patterns 0.1.0" in card
    assert weights.seen < open_bundle(tmp_path / "bundle").split.train
    assert weights.seen < open_weights(tmp_path / "bundle").seen


def test_a_config_of_other_shapes_is_refused_before_a_run_is_made(weights, new_folder, tmp_path):
    config = weights.adopted(synthetic.config())
    options = config.network.options | {"widths": [8, 24]}
    wider = config.model_copy(
        update={"network": config.network.model_copy(update={"options": options})}
    )
    with pytest.raises(WeightsError, match="not of this network"):
        synthetic.train(wider, new_folder, tmp_path / "run", weights=weights)
    assert not (tmp_path / "run").exists()


def test_a_dropout_of_its_own_is_no_other_shape(weights, new_folder):
    config = weights.adopted(synthetic.config())
    options = config.network.options | {"dropout": 0.55}
    other = config.model_copy(
        update={"network": config.network.model_copy(update={"options": options})}
    )
    pixels = decode(read_folder(new_folder), config.input).pixels
    encoder = weights.encoder_of(other, pixels)
    assert [m.p for m in encoder.modules() if isinstance(m, torch.nn.Dropout)] == [0.55]


def test_a_golden_embedding_that_does_not_come_out_is_an_error(exported):
    weights = open_weights(exported)
    golden = weights.bundle.manifest.golden
    wrong = golden.model_copy(update={"embedding": tuple(-x for x in golden.embedding)})
    manifest = weights.bundle.manifest.model_copy(update={"golden": wrong})
    spoilt = dataclasses.replace(
        weights, bundle=dataclasses.replace(weights.bundle, manifest=manifest)
    )
    pixels = np.zeros((4, 16, 16, 1), np.uint8)
    with pytest.raises(WeightsError, match="cannot be read back"):
        spoilt.encoder_of(spoilt.adopted(synthetic.config()), pixels)


def test_what_cannot_be_begun_with_is_refused(run, tmp_path):
    with pytest.raises(RunError, match="neither a run folder nor a bundle"):
        open_weights(tmp_path)
    with pytest.raises(WeightsError, match="of kind codes"):
        open_weights(fakes.make_bundle(tmp_path, "codes", fakes.Kind.CODES))
    with pytest.raises(WeightsError, match="does not name the network"):
        open_weights(fakes.make_bundle(tmp_path, "tiny"))
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "checkpoint.pt").unlink()
    with pytest.raises(RunError, match="no checkpoint yet"):
        open_weights(copy)


def test_the_shipped_faces_crops_can_be_begun_with_from_the_repository_alone():
    weights = open_weights(SHIPPED_BUNDLES / "faces-crops")
    assert json.loads(weights.bundle.manifest.provenance.config_json)["name"] == "faces"
    assert weights.seen == weights.bundle.split.train | weights.bundle.split.calibration


def test_prototypes_begin_at_their_identities_so_that_the_first_loss_is_small(
    exported, new_folder, tmp_path, monkeypatch
):
    weights = open_weights(exported)
    losses = {}
    for name in ("imprinted", "random"):
        if name == "random":
            monkeypatch.setattr("training.fit.trainer.has_prototypes", lambda _: False)
        config = weights.adopted(synthetic.config(epochs=1, learning_rate=1e-4))
        synthetic.train(config, new_folder, tmp_path / name, weights=weights)
        losses[name] = RunFolder(tmp_path / name).history()[0]["loss"]
    assert losses["imprinted"] < 0.7 * losses["random"]
