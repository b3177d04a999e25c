import gc
import os
import shutil
import time
import weakref
from functools import partial
from pathlib import Path

import pytest

from app.catalog.catalog import ServedModel, load_catalog
from app.catalog.reload import fingerprint, reload_catalog
from app.errors import ModelsError
from app.settings import Provider
from app.worker.service import load_model
from model.errors import FileError, IntegrityError
from model.manifest import InputSpec
from tests import fakes


@pytest.fixture
def folder(models_dir, tmp_path):
    """A copy of the bundles `tiny` (default) and `tiny-codes` that a test may change."""
    return shutil.copytree(models_dir, tmp_path / "bundles")


@pytest.fixture
def loaded():
    """The names of what was loaded, in order."""
    return []


@pytest.fixture
def load(loaded):
    def load(bundle):
        loaded.append(bundle.manifest.name)
        return ServedModel(bundle.manifest, fakes.FakeEncoder())

    return load


@pytest.fixture
def old(folder, load, loaded):
    catalog = load_catalog(folder, "tiny", load)
    loaded.clear()
    return catalog


def test_what_has_not_changed_keeps_its_session(folder, load, loaded, old):
    new = reload_catalog(old, folder, load)
    assert loaded == []
    assert all(new.served[name] is model for name, model in old.served.items())


def test_a_new_bundle_is_served_and_one_that_is_gone_is_not(folder, load, loaded, old):
    fakes.make_bundle(folder, "another")
    shutil.rmtree(folder / "tiny-codes")
    new = reload_catalog(old, folder, load)
    assert loaded == ["another"]
    assert set(new.served) == {"tiny", "another"}
    assert set(old.served) == {"tiny", "tiny-codes"}, "a catalog in use is left as it is"


@pytest.mark.parametrize("change", [{"seed": 1}, {"version": "2.0.0"}], ids=["graph", "manifest"])
def test_a_changed_bundle_is_loaded_again(folder, load, loaded, old, change):
    fakes.make_bundle(folder, "tiny", **change)
    new = reload_catalog(old, folder, load)
    assert loaded == ["tiny"]
    assert new.get() is not old.get()
    assert new.get("tiny-codes") is old.get("tiny-codes")


@pytest.mark.parametrize("name", ["tiny", "tiny-codes"])
def test_a_bad_bundle_is_refused_and_the_old_one_of_its_name_stays(folder, load, old, name, caplog):
    (folder / name / "encoder.onnx").write_bytes(b"altered")
    new = reload_catalog(old, folder, load)
    assert new.get(name) is old.get(name)
    assert isinstance(new.refused[name], IntegrityError)
    assert f"model {name} stays as it was" in caplog.text


def test_a_bad_bundle_of_a_new_name_is_refused(folder, load, old):
    shutil.copytree(folder / "tiny", folder / "another")
    new = reload_catalog(old, folder, load)
    assert set(new.served) == {"tiny", "tiny-codes"}
    assert set(new.refused) == {"another"}


def test_a_bundle_that_was_repaired_is_no_longer_refused(folder, load, old):
    good = (folder / "tiny/encoder.onnx").read_bytes()
    (folder / "tiny/encoder.onnx").write_bytes(b"altered")
    between = reload_catalog(old, folder, load)
    (folder / "tiny/encoder.onnx").write_bytes(good)
    new = reload_catalog(between, folder, load)
    assert not new.refused
    assert new.get() is old.get()


def test_the_default_model_stays_when_its_folder_is_gone(folder, load, old, caplog):
    shutil.rmtree(folder / "tiny")
    new = reload_catalog(old, folder, load)
    assert new.get() is old.get()
    assert "the default model tiny is gone" in caplog.text


def test_a_folder_that_cannot_be_read_is_an_error(folder, load, old):
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(ModelsError):
        reload_catalog(old, folder, load)


def test_a_fingerprint_tells_every_change_and_nothing_else(folder):
    seen = [fingerprint(folder)]
    assert fingerprint(folder) == seen[0]
    shutil.copytree(folder / "tiny", folder / ".tiny.being-written")
    assert fingerprint(folder) == seen[0]
    (folder / "tiny/encoder.onnx").write_bytes(b"altered")
    seen.append(fingerprint(folder))
    fakes.make_bundle(folder, "tiny", seed=1)
    seen.append(fingerprint(folder))
    shutil.rmtree(folder / "tiny")
    seen.append(fingerprint(folder))
    shutil.rmtree(folder)
    seen.append(fingerprint(folder))
    assert len(set(seen)) == 5


def test_a_rewrite_that_keeps_inode_size_and_time_changes_the_fingerprint(folder):
    path = folder / "tiny/encoder.onnx"
    before, at = fingerprint(folder), path.stat()
    time.sleep(0.02)  # The kernel's clock of the files ticks every few milliseconds.
    with path.open("r+b") as file:
        file.write(b"altered")
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))
    now = path.stat()
    assert (now.st_ino, now.st_size, now.st_mtime_ns) == (at.st_ino, at.st_size, at.st_mtime_ns)
    assert fingerprint(folder) != before


def test_a_time_that_goes_back_is_a_change(folder):
    path, before = folder / "tiny/encoder.onnx", fingerprint(folder)
    os.utime(path, (1, 1))
    assert fingerprint(folder) != before


def test_a_link_to_nowhere_hides_no_change_of_another_file(folder):
    (folder / "tiny/notes").symlink_to(folder / "nowhere")
    before = fingerprint(folder)
    assert fingerprint(folder) == before
    (folder / "tiny/encoder.onnx").write_bytes(b"altered")
    assert fingerprint(folder) != before


@pytest.mark.parametrize("error", [PermissionError(13, "denied"), OSError(5, "I/O error")])
def test_a_model_whose_folder_cannot_be_looked_into_stays(folder, load, old, monkeypatch, error):
    stat = Path.stat

    def refused(self, **options):
        if self == folder / "tiny-codes" / "manifest.json":
            raise error
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", refused)
    new = reload_catalog(old, folder, load)
    assert new.get("tiny-codes") is old.get("tiny-codes")
    assert set(new.refused) == {"tiny-codes"}


def test_a_catalog_with_a_bundle_that_could_not_be_read_is_incomplete(
    folder, load, old, monkeypatch
):
    def unreadable(path, limit):
        raise FileError(f"{path} cannot be read: {limit}", is_transient=True)

    monkeypatch.setattr("model.bundle.read_file", unreadable)
    assert not reload_catalog(old, folder, load).is_complete


def test_a_catalog_with_a_bad_bundle_is_complete(folder, load, old):
    (folder / "tiny/encoder.onnx").write_bytes(b"altered")
    assert reload_catalog(old, folder, load).is_complete


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.serial
def test_five_reloads_free_the_old_sessions(tmp_path):
    """One such model takes 9 MB while it is kept: five would be 45 MB."""
    spec = InputSpec(**(fakes.SPEC.model_dump() | {"width": 160, "height": 160}))
    bundles = [tmp_path / "one", tmp_path / "other"]
    for seed, folder in enumerate(bundles):
        fakes.make_bundle(folder, "tiny", spec=spec, dim=640, seed=seed)
    load = partial(load_model, provider=Provider.CPU)
    catalog = load_catalog(bundles[0], "tiny", load)
    # What is taken once and for all, by the allocator too.
    catalog = reload_catalog(reload_catalog(catalog, bundles[1], load), bundles[0], load)
    before = resident_bytes()
    for turn in range(5):
        encoder = catalog.get().encoder
        old = [weakref.ref(encoder), weakref.ref(encoder._session._session)]
        del encoder
        catalog = reload_catalog(catalog, bundles[(turn + 1) % 2], load)
        gc.collect()
        assert [reference() for reference in old] == [None, None]
    assert resident_bytes() - before < 15_000_000
