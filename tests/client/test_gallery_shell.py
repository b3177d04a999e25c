import json

import pytest
from likewise_client.shell.main import main
from likewise_client.shell.progress import Progress

from app.gallery.sql.commands import run
from tests import fakes


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
    probe = tmp_path / "probe.png"
    probe.write_bytes(fakes.photo(1, take=3))
    status, out, err = shell("identify", probe, "--top", 2)
    first = out.splitlines()[0].split("\t")
    assert (first[:2], len(out.splitlines())) == (["1", "ben"], 2)
    assert status == (0 if "same" in out else 1)
    assert "in a gallery of 3" in err
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


def test_progress_has_the_rate_and_the_time_left(capsys):
    now = [0.0]
    with Progress(100, "things", clock=lambda: now[0]) as progress:
        for _ in range(20):
            now[0] += 1
            progress.advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["10 of 100 things, 1/s, 90 s left", "20 of 100 things, 1/s, 80 s left"]
