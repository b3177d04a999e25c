import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from model.locating.cutting import cut_input
from model.locating.squares import Located
from model.manifest import Aspect, InputSpec
from tests import fakes, locators
from tests.training import synthetic
from tests.training.fit.test_trainer import FakeProgress, Stopped, assert_same, stop
from training.data.decoding import canvas_of, decode
from training.data.readers.folder import read_folder
from training.errors import ConfigError, RunError
from training.fit.batches import Batches
from training.fit.distributed import ALONE
from training.fit.plan import plan_training
from training.fit.trainer import Trainer
from training.inference.onnx_runtime import OnnxEncoder
from training.registry import Component
from training.runs.run_folder import RunFolder
from training.serving_graph.normalise import scale, to_channels_first
from training.transfer.adopted_teacher import AdoptedTeacher
from training.transfer.mixtures import Mixtures, square_of
from training.transfer.teacher import open_teacher

LABELS = np.array([2, 0, 0, 1, 2, 2, 2, 0])


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    spec, folder = synthetic.config().input, tmp_path_factory.mktemp("models")
    return open_teacher(fakes.make_bundle(folder, "theirs", spec=spec, **fakes.adopted()))


def test_each_image_is_mixed_with_images_of_all_other_identities():
    mixtures = Mixtures.draw(LABELS, 500, seed=3)
    assert (np.bincount(mixtures.first) == 500).all()
    assert (LABELS[mixtures.first] != LABELS[mixtures.second]).all()
    for row, label in enumerate(LABELS):
        partners = np.bincount(mixtures.second[mixtures.first == row], minlength=len(LABELS))
        others = partners[label != LABELS]
        assert (np.abs(others - 500 / len(others)) < 5 * np.sqrt(500 / len(others))).all()
    assert 0.45 < mixtures.mirrored.mean() < 0.55
    assert (mixtures.shares.min(), mixtures.shares.max()) == pytest.approx((0.3, 0.7), abs=0.01)


def test_mixtures_depend_on_the_seed_alone():
    one, again, other = (Mixtures.draw(LABELS, 4, seed) for seed in (1, 1, 2))
    for name in ("first", "second", "shares", "mirrored"):
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    assert (one.first != other.first).any()


def test_pixels_are_weighted_means():
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), np.uint8))
    mixtures = Mixtures(
        first=np.array([0, 2, 1]),
        second=np.array([1, 0, 2]),
        shares=np.array([0.5, 0.25, 1], np.float32),
        mirrored=np.array([False, True, True]),
    )
    mixed = mixtures.pixels(images, np.array([2, 1])).numpy()
    expected = 0.25 * images[2].numpy() + 0.75 * images[0].numpy()[:, ::-1]
    np.testing.assert_array_equal(mixed[0], images[1].numpy())
    np.testing.assert_array_equal(mixed[1], expected.round())
    assert mixed.dtype == np.uint8


def test_the_square_of_a_canvas_is_the_one_that_it_was_cut_by():
    spec = locators.make_spec(locators.locator_graph())
    spec = spec.model_copy(update={"scale": 0.9, "shift": (0.03, -0.05)})
    canvas = InputSpec(width=60, height=48, channels=3, aspect=Aspect.CROP, middle=0.8)
    square = square_of(canvas, spec)
    whole = square.framed(spec.scale, spec.shift).framed(canvas.middle)
    assert (whole.x, whole.y, whole.half_side) == pytest.approx((30, 24, 30))
    pixels = np.random.default_rng(1).integers(0, 256, (48, 60, 3), np.uint8)
    shown = cut_input(Image.fromarray(pixels), square, canvas, spec)
    np.testing.assert_allclose(np.asarray(shown, np.int16), pixels, atol=1)


def test_a_canvas_is_embedded_as_the_picture_that_it_was_cut_from(tmp_path):
    graph = locators.locator_graph()
    spec = locators.make_spec(graph)
    framed = InputSpec(width=40, height=40, channels=3, aspect=Aspect.CROP, middle=1.0)
    folder = fakes.make_bundle(tmp_path, "theirs", spec=framed, **fakes.adopted())
    teacher = open_teacher(folder)
    own = spec.model_copy(update={"scale": 0.7, "shift": (0.01, 0.04)})
    manifest = teacher.bundle.manifest.model_copy(update={"locator": own})
    teacher = AdoptedTeacher(dataclasses.replace(teacher.bundle, manifest=manifest))
    picture = locators.picture((200, 180), locators.mark(90, 95, 50, 10), identity=3)
    located = Located(1.0, 90, 95, 50, 5)
    canvas = InputSpec(width=160, height=160, channels=3, aspect=Aspect.CROP, middle=1.0)
    wide = np.asarray(cut_input(picture, located, canvas, spec))[np.newaxis]
    crop = np.asarray(cut_input(picture, located, framed, own))[np.newaxis]
    encoder = OnnxEncoder(teacher.bundle.onnx)
    both = encoder.embed(crop) + encoder.embed(np.ascontiguousarray(crop[:, :, ::-1]))
    expected = both / np.linalg.norm(both)
    np.testing.assert_allclose(
        teacher.embedder_of_canvases(canvas, spec)(wide), expected, atol=0.05
    )


def test_without_a_locator_the_middle_of_a_canvas_is_embedded(theirs, folder):
    images, spec = read_folder(folder), theirs.bundle.manifest.input
    canvas = canvas_of(spec, 1.5)
    embed = theirs.embedder_of_canvases(canvas, None)
    found = embed(decode(images, canvas).pixels)
    np.testing.assert_allclose(found, theirs.embed(images), atol=0.12)


def test_a_teacher_of_another_framing_is_refused(theirs):
    spec = theirs.bundle.manifest.input
    with pytest.raises(ConfigError, match="with the locator of the student"):
        theirs.embedder_of_canvases(spec, locators.make_spec(locators.locator_graph()))
    padded = spec.model_copy(update={"aspect": Aspect.PAD})
    with pytest.raises(ConfigError, match="by the aspect pad and not stretch"):
        theirs.embedder_of_canvases(padded, None)


def test_mixtures_without_a_teacher_are_refused(folder, tmp_path):
    with pytest.raises(ConfigError, match="teacher_mixtures needs an adopted bundle"):
        synthetic.train(synthetic.config(teacher_mixtures=2), folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_mixtures_in_parts_are_refused(call, named_config, folder, tmp_path):
    code, _, err = call(
        *("train", named_config, "--data", folder, "--out", tmp_path / "run"),
        *("--set", "teacher_mixtures=1", "--set", "accumulate=2"),
    )
    assert code == 1
    assert "a batch with mixtures cannot be taken in parts" in err


def test_a_batch_ends_with_as_many_mixtures(theirs, folder):
    config = synthetic.config(teacher_mixtures=3, augmentation=Component(name="none"))
    plan = plan_training(config, folder, teacher=theirs)
    images = plan.decode().train
    mixtures = Mixtures.draw(images.source.labels(), 3, config.seed)
    device = torch.device("cpu")
    for epoch in (0, 1):
        batches = Batches(config, images, device, ALONE, mixtures).epoch(epoch)
        plain = Batches(config, images, device, ALONE).epoch(epoch)
        drawn = set()
        for batch, without in zip(batches, plain, strict=True):
            assert batch.mixtures == len(without.images) == len(batch.images) // 2
            chosen = batch.rows[batch.mixtures :].numpy() - len(images.source)
            assert 0 <= chosen.min() <= chosen.max() < len(mixtures)
            pixels = mixtures.pixels(torch.from_numpy(images.pixels), chosen)
            expected = scale(to_channels_first(pixels))
            torch.testing.assert_close(batch.images[batch.mixtures :], expected)
            torch.testing.assert_close(batch.images[: batch.mixtures], without.images)
            assert torch.equal(batch.rows[: batch.mixtures], without.rows)
            drawn |= set(chosen.tolist())
        assert len(drawn) > len(mixtures) / 4


def test_a_training_with_mixtures_is_resumed_bitwise(theirs, folder, tmp_path, monkeypatch):
    config = synthetic.config(epochs=2, teacher_mixtures=2)
    synthetic.train(config, folder, tmp_path / "unbroken", teacher=theirs)
    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, *_: fit(self, FakeProgress(1, stop)))
    with pytest.raises(Stopped):
        synthetic.train(config, folder, tmp_path / "broken", teacher=theirs)
    monkeypatch.undo()
    synthetic.resume(tmp_path / "broken", teacher=theirs)
    assert_same(*(RunFolder(tmp_path / n).load_checkpoint() for n in ("unbroken", "broken")))
    targets = np.load(tmp_path / "broken" / "targets.npy")
    np.save(tmp_path / "broken" / "targets.npy", targets[: len(targets) // 3])
    with pytest.raises(RunError, match="train again"):
        synthetic.resume(tmp_path / "broken", teacher=theirs)
