import os
import shutil
from pathlib import Path

import onnx
import pytest

from app.catalog.catalog import ServedModel, ServedPairModel, check_default, load_catalog
from app.errors import KindError, ModelRefusedError, ModelsError, UnknownModelError
from model.errors import IntegrityError, ManifestError
from tests import fakes


def load(bundle):
    if bundle.manifest.kind == "pair":
        return ServedPairModel(bundle.manifest, None)
    return ServedModel(bundle.manifest, fakes.FakeEncoder())


@pytest.fixture
def folder(models_dir, tmp_path):
    """A copy of the bundles that a test may break."""
    return shutil.copytree(models_dir, tmp_path / "bundles")


def alter(path):
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def test_every_bundle_is_served_under_its_name(folder):
    catalog = load_catalog(folder, "tiny", load)
    assert list(catalog.served) == ["tiny", "tiny-codes"]
    assert catalog.get("tiny-codes").manifest.name == "tiny-codes"


def test_no_name_is_the_default_model(folder):
    assert load_catalog(folder, "tiny-codes", load).get().manifest.name == "tiny-codes"


def test_an_unknown_name_is_an_error_that_lists_the_known(folder):
    with pytest.raises(UnknownModelError) as raised:
        load_catalog(folder, "tiny", load).get("nobody")
    assert raised.value.available == ("tiny", "tiny-codes")


def test_an_altered_default_bundle_stops_the_start(folder):
    alter(folder / "tiny/encoder.onnx")
    with pytest.raises(IntegrityError, match="hash"):
        load_catalog(folder, "tiny", load)


def test_another_altered_bundle_is_left_out_and_said(folder, caplog):
    alter(folder / "tiny-codes/encoder.onnx")
    catalog = load_catalog(folder, "tiny", load)
    assert list(catalog.served) == ["tiny"]
    assert "tiny-codes is left out" in caplog.text
    with pytest.raises(ModelRefusedError, match="tiny-codes") as raised:
        catalog.get("tiny-codes")
    assert str(folder) not in str(raised.value)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["manifest.json", "encoder.onnx"])
def test_a_bundle_with_a_fifo_in_it_is_left_out_with_the_reason(folder, caplog, name):
    (folder / "tiny-codes" / name).unlink()
    os.mkfifo(folder / "tiny-codes" / name)
    catalog = load_catalog(folder, "tiny", load)
    assert (set(catalog.served), set(catalog.refused)) == ({"tiny"}, {"tiny-codes"})
    assert f"{name} cannot be read: it is a FIFO" in caplog.text
    with pytest.raises(IntegrityError, match="a FIFO"):
        load_catalog(folder, "tiny-codes", load)


def test_a_graph_that_names_another_file_is_never_given_to_the_runtime(folder, caplog):
    graph = onnx.load_from_string(fakes.encoder_graph())
    weights = graph.graph.initializer[-1]
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../secret")
    manifest = fakes.make_manifest(graph.SerializeToString(), name="evil", golden=(0.5,) * 8)
    evil = shutil.copytree(folder / "tiny", folder / "evil")
    (evil / "encoder.onnx").write_bytes(graph.SerializeToString())
    (evil / "manifest.json").write_text(manifest.model_dump_json())
    loaded = []
    catalog = load_catalog(folder, "tiny", lambda bundle: loaded.append(bundle) or load(bundle))
    assert "evil" not in {bundle.manifest.name for bundle in loaded}
    assert isinstance(catalog.refused["evil"], IntegrityError)
    assert "keeps a tensor in another file ('../../secret')" in caplog.text


def test_a_folder_that_nobody_may_look_into_is_no_bundle(folder, monkeypatch):
    """As `lost+found`; root may look into all, so the refusal is made here."""
    stat = Path.stat

    def refused(self, **options):
        if self.parent.name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return stat(self, **options)

    (folder / "lost+found").mkdir()
    monkeypatch.setattr(Path, "stat", refused)
    assert set(load_catalog(folder, "tiny", load).refused) == set()


def test_a_folder_of_too_many_entries_is_an_error(folder, monkeypatch):
    monkeypatch.setattr("app.catalog.catalog.MAX_ENTRIES", 1)
    with pytest.raises(ModelsError, match="more than 1 entries"):
        load_catalog(folder, "tiny", load)


def test_a_pair_model_is_served_and_refused_where_embeddings_are_needed(folder):
    fakes.make_pair_bundle(folder)
    catalog = load_catalog(folder, "tiny", load)
    assert catalog.get("pair").manifest.kind == "pair"
    with pytest.raises(KindError, match=r"POST /verify.*there is: tiny, tiny-codes"):
        catalog.get_encoder("pair")
    assert catalog.get_encoder() == catalog.get("tiny")


def test_a_missing_default_model_is_an_error_that_lists_what_is_there(folder):
    with pytest.raises(ModelsError, match=r"'faces'.*found: tiny, tiny-codes"):
        check_default(folder, "faces")


def test_a_missing_folder_is_an_error_that_names_the_setting(tmp_path):
    with pytest.raises(ModelsError, match="LIKEWISE_MODELS_DIR"):
        check_default(tmp_path / "none", "tiny")


def test_a_folder_that_is_named_otherwise_than_its_bundle_is_refused(folder):
    (folder / "tiny").rename(folder / "small")
    with pytest.raises(ManifestError, match="give the folder that name"):
        check_default(folder, "small")


def test_files_other_folders_and_half_written_bundles_are_passed_over(folder):
    (folder / "README.md").write_text("hello")
    (folder / "notes").mkdir()
    shutil.copytree(folder / "tiny", folder / ".tiny.123")
    catalog = load_catalog(folder, "tiny", load)
    assert list(catalog.served) == ["tiny", "tiny-codes"]
    assert not catalog.refused


def test_a_folder_that_may_not_be_looked_into_is_passed_over(folder, monkeypatch):
    """As lost+found of a volume is for whoever is not root, which tests may be."""
    (folder / "lost+found").mkdir()
    look = Path.is_file

    def closed(path):
        if path.parent.name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "is_file", closed)
    assert list(load_catalog(folder, "tiny", load).served) == ["tiny", "tiny-codes"]
