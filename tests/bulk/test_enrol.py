"""`python -m bulk enrol`: a file of embeddings becomes a gallery, in both kinds of store."""

import numpy as np
import pytest
from pyarrow import parquet

from app.gallery.sql.opening import open_store
from bulk.cli import main
from bulk.encoding import Encoder, Recipe
from bulk.enrolment.identities import by_file, by_folder, group
from bulk.sources.listing import list_items
from bulk.sources.reading import read_items
from tests.galleries import of_sqlite


@pytest.fixture(scope="module")
def embeddings(folder, models_dir, tmp_path_factory):
    to = tmp_path_factory.mktemp("embeddings") / "photos.parquet"
    return written(folder, models_dir / "tiny", to)


def written(folder, bundle, to):
    items = list(list_items([str(folder)], None))
    parquet.write_table(Encoder(Recipe(str(bundle))).table(read_items(items, 10**7)), to)
    return to


def rows_by_folder(embeddings):
    table = parquet.read_table(embeddings).to_pylist()
    found = {}
    for row in table:
        if row["embedding"] is not None:
            found.setdefault(by_folder(row["path"]), []).append(row["embedding"])
    return {name: np.array(rows, np.float32) for name, rows in found.items()}


def test_each_folder_becomes_an_identity(store_url, name, embeddings, models_dir, capsys):
    command = ["enrol", str(embeddings), "--gallery", name, "--store", store_url]
    assert main(command) == 0
    assert f"3 identities are enrolled in {name}, 3 of them new" in capsys.readouterr().out
    store, expected = open_store(store_url, 5.0, 1), rows_by_folder(embeddings)
    assert store.gallery(name).sizes == {1: 3}
    for identity, rows in expected.items():
        np.testing.assert_array_equal(store.identity(name, identity).template, rows[0])
    again = [*command, "--images", "4", "--model", str(models_dir / "tiny")]
    assert main(again) == 0
    assert f"3 identities are enrolled in {name}, 0 of them new" in capsys.readouterr().out
    assert store.gallery(name).sizes == {4: 3}
    for identity, rows in expected.items():
        np.testing.assert_allclose(
            store.identity(name, identity).template, rows.mean(axis=0), atol=1e-6
        )
    store.close()


@pytest.fixture(scope="module")
def codes(folder, models_dir, tmp_path_factory):
    to = tmp_path_factory.mktemp("codes") / "photos.parquet"
    return written(folder, models_dir / "tiny-codes", to)


@of_sqlite
def test_a_gallery_of_another_bundle_is_left_as_it_is(store_url, name, embeddings, codes, capsys):
    for file in (embeddings, codes):
        status = main(["enrol", str(file), "--gallery", name, "--store", store_url])
    assert status == 1
    assert "which cannot be compared with those of" in capsys.readouterr().err
    store = open_store(store_url, 5.0, 1)
    assert store.gallery(name).encoding.metric == "l2"
    store.close()


def test_names_come_from_folders_or_files_and_bad_ones_are_told():
    paths = ["a/one/1.png", "a/one/2.png", "b.zip/two/3.png", "a/\n/4.png"]
    found = group(paths, by_folder, 1)
    assert found.rows == {"one": [0], "two": [2]}
    assert found.further == 1
    assert list(found.refused) == ["\n"]
    assert list(group(paths, by_file, 1).rows) == ["1", "2", "3", "4"]


def test_a_store_has_to_be_named(embeddings, capsys):
    assert main(["enrol", str(embeddings), "--gallery", "people"]) == 1
    assert "--store or LIKEWISE_GALLERY_URL" in capsys.readouterr().err
