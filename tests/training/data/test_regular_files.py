"""A path of a data set, a run or a record that leads to no regular file is refused, not read."""

import os

import onnx
import pytest

from model.errors import IntegrityError
from tests import fakes
from tests.training import lfw_like, synthetic
from tests.training.fit.test_trainer import RECORD
from training.data.readers.folder import read_file
from training.data.source import open_data
from training.data.split import IdentitySplit
from training.errors import DataError, RunError
from training.experiments.seeds import recorded
from training.results.record import read_records
from training.runs.run_folder import RunFolder, open_system

pytestmark = pytest.mark.timeout(30)
SPLIT = IdentitySplit(train=("a", "b"), calibration=("c",), test=("d",))


def fifo(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def device(path):
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


KINDS = pytest.mark.parametrize("make", [fifo, device])


@KINDS
@pytest.mark.parametrize("name", ["data", "data.zip", "data.csv", "data.png"])
def test_a_data_set_that_is_no_file_is_refused(tmp_path, make, name):
    make(tmp_path / name)
    with pytest.raises(DataError, match="neither a folder nor a regular file"):
        open_data(tmp_path / name)


@KINDS
def test_an_image_that_became_something_else_after_it_was_listed_is_refused(tmp_path, make):
    path = tmp_path / "image.png"
    path.write_bytes(fakes.photo(1))
    assert read_file(path) == fakes.photo(1)
    make(path)
    with pytest.raises(DataError, match="not a regular file"):
        read_file(path)


@KINDS
@pytest.mark.parametrize("part", ["images", "labels"])
def test_an_idx_file_that_is_no_file_is_refused(tmp_path, make, part):
    images = synthetic.np.zeros((4, 8, 8), "uint8")
    synthetic.write_idx(tmp_path, images, synthetic.np.arange(4, dtype="uint8"))
    (path,) = tmp_path.glob(f"*{part}*")
    make(path)
    with pytest.raises(DataError):
        open_data(tmp_path)


@KINDS
@pytest.mark.parametrize("name", ["pairs.txt", "lfw.zip"])
def test_a_list_or_an_archive_of_lfw_that_is_no_file_is_refused(tmp_path, make, name):
    lfw_like.write_lfw_like(tmp_path)
    if name == "lfw.zip":
        for path in list(tmp_path.glob("lfw*")):
            path.rename(path.with_name(f"away-{path.name}"))
    make(tmp_path / name)
    with pytest.raises(DataError):
        open_data(tmp_path)


@KINDS
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("config.json", RunFolder.config),
        ("record.json", RunFolder.record),
        ("split.json", RunFolder.split),
        ("seen.json", RunFolder.digests),
        ("history.jsonl", RunFolder.history),
        ("checkpoint.pt", RunFolder.load_checkpoint),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_file_of_a_run_that_is_no_file_is_refused(tmp_path, make, name, read):
    run = RunFolder(tmp_path / "run")
    run.create(synthetic.config(), RECORD, SPLIT)
    make(run.path / name)
    with pytest.raises(RunError, match="not a regular file"):
        read(run)


@KINDS
def test_a_record_that_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / "record.json")
    with pytest.raises(RunError, match="not a regular file"):
        read_records(tmp_path)
    assert recorded(tmp_path / "record.json", synthetic.config(), "0" * 64) is None


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret"])
def test_a_system_whose_graph_names_another_file_is_not_opened(tmp_path, path):
    """Weights to begin with, a teacher, and a bundle to convert are opened by this."""
    model = onnx.load_from_string(fakes.encoder_graph())
    weights = model.graph.initializer[-1]
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=path)
    graph = model.SerializeToString()
    folder = fakes.make_bundle(tmp_path)
    (folder / "encoder.onnx").write_bytes(graph)
    manifest = fakes.make_manifest(graph, golden=(0.5,) * fakes.DIM)
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    with pytest.raises(IntegrityError, match="another file") as caught:
        open_system(folder)
    assert path in str(caught.value)
