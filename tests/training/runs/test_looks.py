import shutil
import subprocess

import pytest

from model.bundle import Split, open_bundle, read_manifest
from tests.training import synthetic
from training.errors import RunError, SealedError
from training.export.bundle import export_run
from training.results.record import record_run, write_record
from training.runs.looks import SHIPPED, Ledger, Look
from training.runs.looks import test_digest as digest_of
from training.runs.run_folder import RunFolder

FIRST = Look(
    at="2026-11-28T20:00:00+00:00",
    title="faces",
    config="faces",
    seed=7,
    data="lfw",
    test_sha256="a" * 64,
    graph_sha256="1" * 64,
    command="python -m training export runs/faces",
)
CHANGED = FIRST.model_copy(update={"graph_sha256": "2" * 64})


@pytest.fixture
def folder_of_looks(tmp_path):
    Ledger(tmp_path).add(FIRST)
    return tmp_path


def test_a_changed_system_is_refused_and_told_what_to_do(folder_of_looks):
    with pytest.raises(SealedError, match=r"on 2026-11-28 .*--calibration-only.*--unseal REASON"):
        Ledger(folder_of_looks).check(CHANGED)
    assert Ledger(folder_of_looks).looks() == (FIRST,)


def test_the_same_graph_may_look_again_and_is_no_new_look(folder_of_looks):
    ledger, later = Ledger(folder_of_looks), FIRST.model_copy(update={"at": "2027"})
    ledger.check(later)
    ledger.add(later)
    assert ledger.looks() == (FIRST,)


def test_a_reason_opens_the_seal_and_is_noted_for_that_look_alone(folder_of_looks):
    ledger = Ledger(folder_of_looks, "a broken file was mended")
    ledger.check(CHANGED)
    ledger.add(CHANGED)
    assert [look.unsealed for look in ledger.looks()] == ["", "a broken file was mended"]
    with pytest.raises(SealedError):
        Ledger(folder_of_looks).check(CHANGED.model_copy(update={"graph_sha256": "3" * 64}))
    Ledger(folder_of_looks).check(CHANGED)


@pytest.mark.parametrize("field", [{"seed": 8}, {"config": "other"}, {"test_sha256": "b" * 64}])
def test_other_seeds_configs_and_test_parts_have_seals_of_their_own(folder_of_looks, field):
    ledger = Ledger(folder_of_looks, "a reason that is not needed")
    other = CHANGED.model_copy(update=field)
    Ledger(folder_of_looks).check(other)
    ledger.add(other)
    assert ledger.looks()[-1].unsealed == ""


def test_a_file_that_is_no_ledger_is_named(tmp_path):
    (tmp_path / "looks.jsonl").write_text('{"at": 1}\n')
    with pytest.raises(RunError, match=r"looks\.jsonl is not a ledger"):
        Ledger(tmp_path).looks()


@pytest.fixture
def shipped(tmp_path, exported):
    """A folder of shipped bundles with one bundle and its look, inside a folder `model`."""
    bundles = tmp_path / "model" / "bundles"
    shutil.copytree(exported, bundles / "shipped")
    graph = open_bundle(exported).manifest.onnx.sha256
    Ledger(bundles).add(FIRST.model_copy(update={"graph_sha256": graph}))
    return bundles


def test_a_users_bundle_beside_the_shipped_ones_leaves_their_ledger_and_is_sealed(
    shipped, tmp_path
):
    before = (shipped / "looks.jsonl").read_bytes()
    own = FIRST.model_copy(update={"config": "mine"})
    Ledger.of_bundle(shipped / "mine", shipped=tmp_path / "model").add(own)
    assert (shipped / "looks.jsonl").read_bytes() == before
    assert (shipped / "looks.own.jsonl").exists()
    again = Ledger.of_bundle(shipped / "mine", shipped=tmp_path / "model")
    for changed in (CHANGED, CHANGED.model_copy(update={"config": "mine"})):
        with pytest.raises(SealedError, match=r"noted in .*looks\.own\.jsonl"):
            again.check(changed)
    assert [look.config for look in Ledger(shipped).looks()] == ["faces", "mine"]


def test_a_shipped_bundle_that_is_replaced_adds_to_the_ledger_under_version_control(
    shipped, tmp_path
):
    ledger = Ledger.of_bundle(shipped / "shipped", "views changed", tmp_path / "model")
    ledger.add(CHANGED)
    assert [look.unsealed for look in Ledger(shipped).looks()] == ["", "views changed"]
    assert not (shipped / "looks.own.jsonl").exists()


def test_elsewhere_the_ledger_lies_beside_the_bundles(tmp_path):
    ledger = Ledger.of_bundle(tmp_path / "bundles" / "mine", shipped=tmp_path / "model")
    assert ledger.path == tmp_path / "bundles" / "looks.jsonl"


def test_the_ledger_under_version_control_tells_of_each_shipped_bundle():
    found = git("ls-files", "model/*/*/manifest.json").splitlines()
    assert len(found) > 3
    for bundle in (SHIPPED.parent / path for path in found):
        ledger = (bundle.parents[1] / "looks.jsonl").read_text()
        ours = [Look.model_validate_json(line).graph_sha256 for line in ledger.splitlines()]
        assert read_manifest(bundle.parent).onnx.sha256 in ours, bundle


def test_git_ignores_the_ledger_of_own_bundles():
    assert git("check-ignore", SHIPPED / "bundles" / "looks.own.jsonl")
    assert not git("check-ignore", SHIPPED / "bundles" / "looks.jsonl")


def git(*arguments):
    """The output of git in the checkout; skips where there is none."""
    if shutil.which("git") is None or not (SHIPPED.parent / ".git").exists():
        pytest.skip("no git checkout")
    command = ["git", "-C", SHIPPED.parent, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout


def test_the_digest_is_of_the_tested_names_alone_in_any_order():
    def split(train, test):
        return Split(frozenset(train), frozenset(), frozenset(test))

    assert digest_of(split("ab", "cd")) == digest_of(split("x", "dc"))
    assert digest_of(split("ab", "cd")) != digest_of(split("ab", "ce"))
    assert digest_of(split("", "c"), split("", "d")) == digest_of(split("ab", "cd"))


def test_exports_and_records_of_a_changed_system_are_refused_and_write_nothing(folder, tmp_path):
    runs = [RunFolder(tmp_path / name) for name in ("one", "other")]
    for epochs, run in enumerate(runs, start=1):
        config = synthetic.config(epochs=epochs, images_per_identity=3)
        synthetic.train(config, folder, run.path)
    bundles, records = tmp_path / "bundles", tmp_path / "records"
    for _ in range(2):  # The same run twice: the same graph.
        export_run(runs[0], bundles / "one", ledger=Ledger(bundles))
        write_record(record_run(runs[0], bundles / "one"), records)
    [look] = Ledger(bundles).looks()
    assert look.graph_sha256 == open_bundle(bundles / "one").manifest.onnx.sha256
    assert [each.graph_sha256 for each in Ledger(records).looks()] == [look.graph_sha256]
    with pytest.raises(SealedError):
        export_run(runs[1], bundles / "other", ledger=Ledger(bundles))
    assert not (bundles / "other").exists()
    export_run(runs[1], bundles / "other")
    changed = record_run(runs[1], bundles / "other")
    with pytest.raises(SealedError):
        write_record(changed, records)
    before = (records / changed.file_name).read_text()
    assert write_record(changed, records, "more epochs").read_text() != before
    assert Ledger(records).looks()[-1].unsealed == "more epochs"
