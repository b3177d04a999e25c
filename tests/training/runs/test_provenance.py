import re
import subprocess
import sys
from datetime import datetime

import numpy as np
import torch

from training.runs import provenance


def test_the_command_can_be_typed_again(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "train", "faces", "--data", "my photos", "--out", "r"])
    assert provenance.command() == "python -m training train faces --data 'my photos' --out r"


def test_the_libraries_are_those_that_are_loaded():
    versions = provenance.libraries()
    assert versions["torch"] == torch.__version__
    assert versions["numpy"] == np.__version__
    assert versions["python"] == sys.version.split()[0]


def test_the_time_is_in_utc():
    assert datetime.fromisoformat(provenance.now()).utcoffset().total_seconds() == 0


def commit_all(folder):
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x", "--no-gpg-sign"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)  # noqa: S603, S607


def test_the_revision_is_the_commit_and_tells_of_changes_in_the_code_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "_CODE", tmp_path)
    for name in ("training/a.py", "model/b.py", "model/bundles/x/manifest.json", "docs/c.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    commit_all(tmp_path)
    clean = provenance.git_revision()
    assert re.fullmatch(r"[0-9a-f]{40}", clean)
    for name in ("docs/c.md", "model/bundles/x/manifest.json"):
        (tmp_path / name).write_text("two")
    assert provenance.git_revision() == clean
    (tmp_path / "model" / "b.py").write_text("two")
    assert provenance.git_revision() == f"{clean}+changes"


def test_outside_a_checkout_the_revision_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "_CODE", tmp_path)
    assert provenance.git_revision() == "unknown"
