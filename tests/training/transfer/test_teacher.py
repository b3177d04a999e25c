import dataclasses

import numpy as np
import pytest
import torch
from rich.console import Console

from model.bundle import identity_digest, open_bundle
from model.manifest import Aspect, InputSpec, SplitBy
from tests import fakes
from tests.training import synthetic
from tests.training.fit.test_trainer import FakeProgress, Stopped, assert_same, stop
from training.config.sections import SplitConfig
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.encoder import trained_encoder
from training.errors import RunError, WeightsError
from training.export.bundle import export_run
from training.fit.trainer import Trainer
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.registry import Component
from training.runs.run_folder import RunFolder
from training.transfer.distillation import distance_loss
from training.transfer.teacher import open_teacher

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def teacher(exported):
    return open_teacher(exported)


def student(**changes):
    """Config of a smaller network than the teacher's, with shorter embeddings."""
    options = {"widths": [8, 16], "depths": [1, 1], "strides": [2, 2], "squeeze": 4}
    network = Component(name="residual", options=options | {"dim": 8, "stem_stride": 1})
    return synthetic.config(network=network, name="student", **changes)


def split_config(**changes):
    return SplitConfig(calibration=0.25, test=0.25, **changes)


def test_a_teacher_embeds_as_its_bundle_does(teacher, exported, folder):
    config = student()
    pixels = decode(read_folder(folder), config.input).pixels[:9]
    expected = OnnxEncoder(open_bundle(exported).onnx).embed(pixels)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    shown = teacher.distillation(config).embed(images)
    assert np.abs(shown.numpy() - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_student_comes_closer_to_its_teacher_than_one_without(teacher, folder, tmp_path):
    config = student(epochs=3, teacher_weight=100)
    pixels = decode(read_folder(folder), config.input).pixels
    shown = OnnxEncoder(teacher.bundle.onnx).embed(pixels)
    apart = {}
    for name, taught_by in (("alone", None), ("taught", teacher)):
        out = tmp_path / name
        synthetic.train(config, folder, out, teacher=taught_by)
        encoder = trained_encoder(config, RunFolder(out).load_result())
        embeddings = embed(encoder, pixels, CPU)
        both = torch.from_numpy(embeddings), torch.from_numpy(shown)
        apart[name] = distance_loss(*both, (config.metric, config.metric)).item()
    assert apart["taught"] < 0.7 * apart["alone"]


def test_a_training_with_a_teacher_is_resumed_bitwise_and_not_without(
    teacher, folder, tmp_path, monkeypatch
):
    config = student(epochs=2, accumulate=2)
    synthetic.train(config, folder, tmp_path / "unbroken", teacher=teacher)
    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, *_: fit(self, FakeProgress(1, stop)))
    with pytest.raises(Stopped):
        synthetic.train(config, folder, tmp_path / "broken", teacher=teacher)
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"the teacher patterns 0\.1\.0; give that bundle"):
        synthetic.resume(tmp_path / "broken")
    synthetic.resume(tmp_path / "broken", teacher=teacher)
    assert_same(*(RunFolder(tmp_path / n).load_checkpoint() for n in ("unbroken", "broken")))


def test_a_run_without_a_teacher_does_not_go_on_with_one(teacher, run):
    with pytest.raises(RunError, match="begun with no teacher; leave --teacher out"):
        synthetic.resume(run, teacher=teacher)


def test_a_student_of_the_same_data_takes_over_its_teachers_split(
    teacher, run, folder, tmp_path, capsys
):
    config = student(epochs=1, seed=99)
    synthetic.train(config, folder, tmp_path / "run", teacher=teacher, console=Console())
    made = RunFolder(tmp_path / "run")
    assert made.split() == RunFolder(run).split()
    assert made.digests() == teacher.split
    assert "the split is that of the teacher" in capsys.readouterr().out
    manifest = export_run(made, tmp_path / "bundle")
    assert manifest.provenance.teacher == teacher.source
    assert manifest.provenance.initial_weights is None
    assert "learnt from the embeddings of patterns 0.1.0" in (
        tmp_path / "bundle" / "README.md"
    ).read_text(encoding="utf-8")


def test_whom_the_teacher_has_seen_is_never_tested_on_other_data(
    teacher, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(Trainer, "fit", lambda *_: None)
    data = synthetic.write_files(tmp_path / "data", synthetic.files_of(36, 3))
    synthetic.train(student(), data, tmp_path / "run", teacher=teacher, console=Console())
    split = RunFolder(tmp_path / "run").digests()
    assert teacher.weights.seen <= split.train
    assert not split.train & (split.calibration | split.test)
    assert "15 identities bear the name" in capsys.readouterr().out


def test_with_initial_weights_the_teachers_split_is_not_taken_over(teacher, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "fit", lambda *_: None)
    data = synthetic.write_files(tmp_path / "data", synthetic.files_of(36, 3))
    weights, out = teacher.weights, tmp_path / "run"
    config = weights.adopted(synthetic.config())
    synthetic.train(config, data, out, weights=weights, teacher=teacher)
    assert weights.seen <= RunFolder(out).digests().train
    record = RunFolder(out).record()
    assert (record.initial_weights.name, record.teacher.name) == (weights.source.name,) * 2
    assert record.initial_weights.sha256 == record.teacher.sha256


def test_a_split_that_names_others_is_not_the_teachers(teacher, run, folder):
    images, split = read_folder(folder), RunFolder(run).split()
    for part, field in (("test", "test_identities"), ("calibration", "calibration_identities")):
        named = {field: getattr(split, part)[:2]}
        assert teacher.split_of(images, split_config(**named)) == split
        assert teacher.split_of(images, split_config(**{field: split.train[:2]})) is None
    official = dataclasses.replace(images, test_identities=frozenset(split.train[:2]))
    assert teacher.split_of(official, split_config()) is None
    assert teacher.split_of(official, split_config(official=False)) == split


def test_a_split_by_image_is_not_of_a_teacher_by_identity(teacher, folder):
    with pytest.raises(WeightsError, match="by identity and the student is split by image"):
        teacher.split_of(read_folder(folder), split_config(by=SplitBy.IMAGE))


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"width": 12, "height": 12}, True),
        ({"width": 12}, True),  # Stretched, so the whole image, whatever the shape.
        ({"channels": 3}, False),
        ({"aspect": Aspect.CROP}, False),
        ({"middle": 0.8}, False),
    ],
    ids=str,
)
def test_a_teacher_has_to_see_the_same_part_of_an_image(teacher, changes, fits):
    spec = InputSpec.model_validate(student().input.model_dump() | changes)
    config = student(input=spec)
    if fits:
        shown = teacher.distillation(config).embed(torch.zeros(2, 1, spec.height, spec.width))
        assert shown.shape == (2, 16)
    else:
        with pytest.raises(WeightsError, match="see different parts of an image"):
            teacher.distillation(config)


def test_what_cannot_teach_is_refused(run, exported_pair, tmp_path):
    with pytest.raises(WeightsError, match="is a run; a teacher is a bundle"):
        open_teacher(run)
    with pytest.raises(WeightsError, match="of kind pair"):
        open_teacher(exported_pair)
    with pytest.raises(WeightsError, match="of kind codes"):
        open_teacher(fakes.make_bundle(tmp_path, "codes", fakes.Kind.CODES))


def test_a_teacher_of_unknown_people_is_refused(exported, monkeypatch):
    bundle = dataclasses.replace(open_bundle(exported), split=None)
    monkeypatch.setattr("training.runs.run_folder.open_bundle", lambda _: bundle)
    with pytest.raises(WeightsError, match="does not record the identities"):
        open_teacher(exported)


def test_the_command_takes_a_teacher(call, named_config, exported, folder, tmp_path):
    out = tmp_path / "run"
    command = ["train", named_config, "--out", out, "--teacher", exported]
    code, _, err = call(*command, "--data", folder, "--epochs", 1, "--set", "teacher_weight=3")
    assert code == 0, err
    assert RunFolder(out).record().teacher.name == "patterns"
    assert RunFolder(out).config().optimisation.teacher_weight == 3
    code, _, err = call(*command, "--resume")
    assert code == 0, err


def test_digests_are_of_names(teacher, run):
    names = RunFolder(run).split().train
    assert {identity_digest(name) for name in names} == teacher.split.train
