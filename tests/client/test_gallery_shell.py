import json
import re

import numpy as np
import pyarrow as pa
import pytest
from likewise_client.shell.main import main
from likewise_client.shell.progress import Progress
from PIL import Image
from pyarrow import parquet

from app.gallery.records import Encoding
from app.gallery.sql.commands import run
from bulk.embeddings import Maker, schema
from model.bundle import read_manifest
from tests import fakes, locators
from tests.domains import make_bundle_with_domain
from tests.locators import file_of, mark, picture


@pytest.fixture
def shell(models_dir, tmp_path, monkeypatch, capsys):
    """The command with a gallery in this process, and what it prints."""
    url = f"sqlite:///{tmp_path / 'gallery.db'}"
    run("migrate", url)
    monkeypatch.setenv("LIKEWISE_MODELS_DIR", str(models_dir))
    monkeypatch.setenv("LIKEWISE_DEFAULT_MODEL", "tiny")
    monkeypatch.setenv("LIKEWISE_GALLERY_URL", url)

    def call(*words):
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def folder(tmp_path):
    for identity, name in enumerate(("Ann Lee", "ben", "Zoë")):
        (tmp_path / "people" / name).mkdir(parents=True)
        for take in range(2):
            file = tmp_path / "people" / name / f"{take}.png"
            file.write_bytes(fakes.photo(identity, take))
    return tmp_path / "people"


def test_a_folder_is_enrolled_searched_exported_and_erased(shell, folder, tmp_path):
    (folder / "bad").mkdir()
    (folder / "bad" / "cut.png").write_bytes(fakes.photo(8)[:300])
    status, out, err = shell("enrol", folder)
    assert (status, "3 identities" in out, "bad is not enrolled" in err) == (1, True, True)
    assert "one image of each; 3 more are there" in err
    probe = tmp_path / "probe.png"
    probe.write_bytes(fakes.photo(1, take=3))
    status, out, err = shell("identify", probe, "--top", 2)
    first = out.splitlines()[0].split("\t")
    assert (first[:2], len(out.splitlines())) == (["1", "ben"], 2)
    assert status == (0 if "same" in out else 1)
    assert re.search(r"^threshold [\d.]+: .* in a gallery of 3", err, re.MULTILINE)
    file = tmp_path / "people.jsonl"
    assert shell("export", "-o", file)[0] == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["name"] for row in rows] == ["Ann Lee", "Zoë", "ben"]
    assert len(rows[0]["template"]) == fakes.DIM
    status, out, _ = shell("erase", "ben", "--json")
    assert (status, json.loads(out)["identities"]) == (0, 1)
    assert shell("erase", "ben")[0] == 2
    assert "people\t2 identities" in shell("gallery", "list")[1]


def test_a_gallery_is_enrolled_again_beside_the_old_one_and_takes_its_place(shell, folder):
    shell("enrol", folder)
    (folder / "ben").rename(folder.with_name("away"))
    status, _, err = shell("gallery", "re-enrol", folder)
    assert (status, "ben" in err) == (2, True)
    status, out, _ = shell("gallery", "re-enrol", folder, "--without-missing", "--images", 2)
    assert (status, "exchanged" in out) == (0, True)
    assert shell("gallery", "list")[1].split("\t")[:2] == ["people", "2 identities"]
    probe = folder / "Zoë" / "0.png"
    status, out, err = shell("identify", probe)
    assert (status, out.split("\t")[1], "undecided" in out) == (3, "Zoë", True)
    assert "several images" in err
    assert shell("gallery", "re-enrol")[0] == 2


@pytest.fixture
def crowds(tmp_path, monkeypatch):
    """A folder of a picture with two things, for a model that locates them."""
    models = tmp_path / "locating"
    locators.with_locator(fakes.make_bundle(models, "marks"))
    monkeypatch.setenv("LIKEWISE_MODELS_DIR", str(models))
    monkeypatch.setenv("LIKEWISE_DEFAULT_MODEL", "marks")
    two = picture((320, 240), mark(75, 110, 50, 20), mark(200, 125, 25), identity=1)
    (tmp_path / "crowds").mkdir()
    (tmp_path / "crowds" / "Ann.png").write_bytes(file_of(two))
    return tmp_path / "crowds"


def test_of_several_things_in_a_picture_the_chosen_one_is_enrolled_and_found(shell, crowds):
    status, _, err = shell("enrol", crowds)
    assert (status, "2 things are located" in err) == (1, True)
    probe = crowds / "Ann.png"
    for face, other in (("largest", "central"), ("central", "largest")):
        assert shell("enrol", crowds, "--face", face)[0] == 0
        energies = [
            float(shell("identify", probe, "--face", choice)[1].split("\t")[2])
            for choice in (face, other)
        ]
        assert energies[0] < 1e-3 < energies[1]
    assert shell("gallery", "re-enrol", crowds)[0] == 2
    shell("gallery", "erase", "--gallery", "people.new")
    assert shell("gallery", "re-enrol", crowds, "--face", "largest")[0] == 0


def test_an_image_unlike_the_models_own_is_enrolled_with_a_warning(
    shell, folder, tmp_path, monkeypatch
):
    models = tmp_path / "checking"
    make_bundle_with_domain(models)
    monkeypatch.setenv("LIKEWISE_MODELS_DIR", str(models))
    (folder / "invoice").mkdir()
    page = np.full((60, 40), 250, np.uint8)
    page[::4] = 20
    (folder / "invoice" / "1.png").write_bytes(file_of(Image.fromarray(page)))
    status, out, err = shell("enrol", folder)
    assert (status, out) == (0, "4 identities are enrolled in people\n"), err
    told = [line for line in err.splitlines() if "out of the domain" in line]
    assert [line.split(" is enrolled")[0] for line in told] == ["likewise: invoice"]
    outside = json.loads(shell("enrol", folder, "--json")[1])["outside"]
    assert outside["invoice"]["status"] == "out"


@pytest.fixture
def embeddings(models_dir, tmp_path):
    """A file as `python -m bulk embed` makes it: two images of three people, one without any."""
    manifest = read_manifest(models_dir / "tiny")
    maker = Maker(Encoding.of(manifest), None, None, manifest.onnx.sha256)
    rows = np.random.default_rng(0).standard_normal((7, manifest.embedding_dim), dtype=np.float32)
    paths = [f"photos/{name}/{take}.png" for name in ("Ann", "ben", "Zoë") for take in (1, 2)]
    columns = {
        "path": [*paths, "photos/cut/1.png"],
        "sha256": [None] * 7,
        "embedding": [*rows[:6].tolist(), None],
        "domain_percentile": [None] * 7,
        "error": [None] * 6 + ["it is cut"],
    }
    file = tmp_path / "photos.parquet"
    parquet.write_table(pa.table(columns, schema=schema(maker)), file)
    return file, rows


def test_a_file_of_embeddings_is_enrolled(shell, embeddings, tmp_path):
    file, rows = embeddings
    status, out, err = shell("enrol", file)
    assert (status, out) == (0, "3 identities are enrolled in people\n"), err
    assert "one image of each; 3 more are there" in err
    shell("export", "-o", tmp_path / "people.jsonl")
    stored = [json.loads(line) for line in (tmp_path / "people.jsonl").read_text().splitlines()]
    found = {each["name"]: each["template"] for each in stored}
    assert list(found) == ["Ann", "Zoë", "ben"]
    np.testing.assert_allclose(found["ben"], rows[2], rtol=1e-6)
    assert shell("enrol", file, "--images", 2)[0] == 0
    assert shell("enrol", file, "--names", "file", "--gallery", "files")[0] == 0
    assert "files\t2 identities" in shell("gallery", "list")[1]


def test_a_file_that_has_no_embeddings_is_refused(shell, embeddings, folder, tmp_path):
    file, _ = embeddings
    other = tmp_path / "other.parquet"
    parquet.write_table(pa.table({"path": ["a"]}), other)
    assert "bulk embed" in shell("enrol", other)[2]
    parquet.write_table(parquet.read_table(file)[6:], other)
    assert "no embedding" in shell("enrol", other)[2]
    assert "--names" in shell("enrol", folder, "--names", "file")[2]
    assert "--face is for a folder" in shell("enrol", file, "--face", "largest")[2]


def test_progress_has_the_rate_and_the_time_left(capsys):
    now = [0.0]
    with Progress(100, "things", clock=lambda: now[0]) as progress:
        for _ in range(20):
            now[0] += 1
            progress.advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["10 of 100 things, 1/s, 90 s left", "20 of 100 things, 1/s, 80 s left"]
