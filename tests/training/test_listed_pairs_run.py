"""CSV of pairs, up to the bundle: only listed pairs are drawn and measured."""

import numpy as np
import pytest

from model.bundle import open_bundle
from tests.training import synthetic
from tests.training.fit.test_trainer import FakeProgress
from training.config.named import load_config
from training.data.source import open_data
from training.encoder import build_encoder
from training.errors import ConfigError
from training.evaluation.evaluate import evaluate
from training.export.bundle import export_run
from training.fit.trainer import Trainer
from training.registry import Component
from training.runs.run_folder import RunFolder

CONFIG = synthetic.chopra(
    epochs=6, sampler=Component(name="listed_pairs", options={"pairs_per_epoch": 64})
)


@pytest.fixture(scope="module")
def listing(tmp_path_factory):
    """List all genuine pairs of 24 patterns with 3 images each, and a third of the impostors."""
    root = synthetic.write_files(tmp_path_factory.mktemp("pairs"), synthetic.files_of(24, 3))
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.png"))
    rng = np.random.default_rng(5)
    lines = ["path1,path2,label"]
    for i, left in enumerate(names):
        for right in names[i + 1 :]:
            same = left.split("/")[0] == right.split("/")[0]
            if same or rng.random() < 1 / 3:
                lines.append(f"{left},{right},{'same' if same else 'different'}")
    path = root / "pairs.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def run(listing, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "pairs"
    synthetic.train(CONFIG, listing, out)
    return RunFolder(out)


def within(listing, owners):
    """Count the listed genuine and impostor pairs between images of some identities."""
    images = open_data(listing)
    owner = {image.name: image.identity for image in images}
    kinds = [same for a, b, same in images.listed if {owner[a], owner[b]} <= set(owners)]
    return kinds.count(True), kinds.count(False)


def test_the_parts_share_no_image_and_no_identity(run, listing):
    split = run.split()
    parts = [set(split.train), set(split.calibration), set(split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 24
    images = open_data(listing)
    assert {image.identity for image in images} == set.union(*parts)


def test_the_loss_falls(run):
    losses = [epoch["loss"] for epoch in run.history()]
    assert losses[-1] < 0.9 * losses[0]


def test_only_listed_pairs_are_drawn(listing, run, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Trainer, "fit", lambda trainer, *_: drawn.append(trainer))
    synthetic.train(CONFIG, listing, tmp_path / "run")
    trainer = drawn[0]
    names = [image.name for image in open_data(listing).of(run.split().train)]
    listed = {frozenset(pair[:2]) for pair in open_data(listing).listed}
    for left, right in trainer.batches.order(0).reshape(-1, 2):
        assert frozenset([names[left], names[right]]) in listed
    trainer._train_epoch(0, type("Any", (FakeProgress,), {"step": lambda *_: None})())


def test_only_listed_pairs_are_measured(run, listing, tmp_path):
    manifest = export_run(run, tmp_path / "bundle")
    for sample, part in (
        (manifest.calibration.sample, run.split().calibration),
        (manifest.accuracy.sample, run.split().test),
    ):
        assert (sample.genuine_pairs, sample.impostor_pairs) == within(listing, part)
    assert manifest.accuracy.protocol.startswith("the listed pairs among")
    found = evaluate(open_bundle(tmp_path / "bundle"), open_data(listing))
    assert found.same_data
    assert found.accuracy == manifest.accuracy


def test_a_config_that_makes_its_own_pairs_is_refused(listing, tmp_path):
    with pytest.raises(ConfigError, match="own_pairs"):
        synthetic.train(synthetic.chopra(), listing, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_data_with_identities_is_refused_by_a_config_for_pairs(folder, tmp_path):
    with pytest.raises(ConfigError, match="lists no pairs"):
        synthetic.train(CONFIG, folder, tmp_path / "run")


def test_the_bound_of_the_loss_in_own_pairs_is_that_of_its_embeddings():
    config = load_config("own_pairs")
    dim = build_encoder(config).dim
    # Opposite unit vectors with equal coordinates: no two are further apart in L1.
    assert config.loss.options["q"] == 2 * dim**0.5
