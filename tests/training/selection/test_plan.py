import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from model.bundle import identity_digest
from tests.training import synthetic
from training.config.candidates import Candidate
from training.config.sections import Tried
from training.data.source import open_data
from training.selection import plan
from training.selection.progress import ChoiceProgress


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def progress(out):
    return ChoiceProgress(Console(file=out, width=500), lambda: 60)


def test_candidates_that_there_was_no_time_for_are_named(progress, out):
    entries = [SimpleNamespace(candidate=Candidate(name=name)) for name in ("a", "b", "c")]
    tried = [Tried(name="a", eer=0.1, epochs=1, seconds=2, chosen=True)]
    plan._say_untried(entries, tried, progress)
    assert out.getvalue().startswith("not tried, for want of time: b, c; give more --minutes")


def test_it_is_told_that_shipped_encoders_have_seen_all_names(
    folder, progress, out, monkeypatch, tmp_path
):
    images = open_data(folder)
    known = SimpleNamespace(seen=frozenset(map(identity_digest, images.identities)))
    (tmp_path / "known").mkdir()
    monkeypatch.setattr(plan, "_SHIPPED", (tmp_path,))
    monkeypatch.setattr(plan, "open_weights", lambda _: known)
    candidates = [Candidate(name="tuned", start="known")]
    starts, split = plan._starts_and_split(synthetic.config(), candidates, images, progress)
    assert starts == {}
    assert split.train
    assert "have seen the names of nearly all identities" in out.getvalue()
