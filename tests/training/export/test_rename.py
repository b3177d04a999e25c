"""A renamed bundle differs from the first one in its name alone."""

import shutil

import pytest

from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle
from model.errors import BundleError
from training.errors import ExportError
from training.export.model_card import render_card
from training.export.rename import rename

NAMED = {"manifest.json", "manifest.int8.json.gz", "README.md"}


@pytest.fixture
def bundle(tmp_path):
    """Return a bundle with every file that one can have, in a folder of its own."""
    shutil.copytree(SHIPPED_BUNDLES / "faces", tmp_path / "faces")
    return open_bundle(tmp_path / "faces")


def test_all_but_the_name_stays_as_it_is(bundle, tmp_path):
    manifest = rename(bundle, tmp_path / "visitors", version="7.0.1")
    opened = open_bundle(tmp_path / "visitors")
    assert opened.manifest == manifest
    for before, after in zip((bundle, *bundle.graphs), (opened, *opened.graphs), strict=True):
        assert (after.manifest.name, after.manifest.version) == ("visitors", "7.0.1")
        unchanged = {"name": None, "version": None, "graphs": None}
        assert after.manifest.model_copy(update=unchanged) == before.manifest.model_copy(
            update=unchanged
        )


def test_every_other_file_is_the_same_byte_for_byte(bundle, tmp_path):
    rename(bundle, tmp_path / "visitors")
    names = {path.name for path in bundle.folder.iterdir()}
    assert {path.name for path in (tmp_path / "visitors").iterdir()} == names
    for name in names - NAMED:
        same = (tmp_path / "visitors" / name).read_bytes() == (bundle.folder / name).read_bytes()
        assert same, name
    card = (tmp_path / "visitors" / "README.md").read_text()
    assert card == render_card(open_bundle(tmp_path / "visitors").manifest)


def test_a_name_or_version_that_cannot_be_one_is_refused_and_nothing_is_written(bundle, tmp_path):
    with pytest.raises(ExportError):
        rename(bundle, tmp_path / "No Name")
    with pytest.raises(ExportError, match="version"):
        rename(bundle, tmp_path / "visitors", version="new")
    assert not (tmp_path / "visitors").exists()


def test_a_folder_that_is_no_bundle_is_left_alone(bundle, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    with pytest.raises(BundleError, match="not a bundle"):
        rename(bundle, tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "kept"
