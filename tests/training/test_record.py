import shutil

import pytest
from rich.console import Console

from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle
from tests.training import synthetic
from training import session
from training.components import Component
from training.config import load_config
from training.errors import RunError
from training.export import export_run
from training.record import (
    EER,
    Record,
    read_records,
    record_of_bundle,
    record_run,
    write_record,
)
from training.run import RunFolder


@pytest.fixture(scope="module")
def record(run, exported):
    return record_run(RunFolder(run), exported)


def test_a_record_holds_what_the_bundle_measured_and_what_was_run(record, run, exported):
    manifest = open_bundle(exported).manifest
    figures = {figure.name: figure for figure in record.figures}
    assert figures[EER].value == manifest.accuracy.eer
    sample = manifest.accuracy.sample
    assert figures[EER].trials == sample.genuine_pairs + sample.impostor_pairs
    assert record.config == RunFolder(run).config()
    assert record.epochs == 3
    assert record.parameters == manifest.provenance.parameters
    assert record.device.endswith("CPU threads")
    assert record.det.protocol == manifest.accuracy.protocol
    assert record.det.fnmr == pytest.approx([r.fnmr for r in manifest.accuracy.curve.rates], 1e-4)


def test_a_record_from_before_the_curves_is_read(record, tmp_path):
    (tmp_path / "old.json").write_text(record.model_dump_json(exclude={"det"}))
    assert read_records(tmp_path) == (record.model_copy(update={"det": None}),)


def test_a_record_is_read_as_it_was_written(record, tmp_path):
    path = write_record(record, tmp_path / "new")
    assert path.name == "patterns-seed0.json"
    assert read_records(tmp_path / "new") == (record,)


def test_a_bundle_of_another_run_is_refused(run, exported, tmp_path):
    other = tmp_path / "run"
    shutil.copytree(run, other)
    config = RunFolder(run).config().model_copy(update={"epochs": 99})
    (other / "config.json").write_text(config.model_dump_json())
    with pytest.raises(RunError, match="their configs differ"):
        record_run(RunFolder(other), exported)


def test_a_file_that_is_no_record_is_named(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(RunError, match=r"x\.json is not a record: config: Field required"):
        read_records(tmp_path)


def test_a_record_with_an_unknown_field_is_refused(record, tmp_path):
    text = record.model_dump_json().replace('"variant"', '"variety"')
    (tmp_path / "y.json").write_text(text)
    with pytest.raises(RunError, match="variety"):
        read_records(tmp_path)


def test_a_protocol_of_the_config_is_measured_on_the_bundle(folder, tmp_path):
    protocol = Component(name="separation")
    config = synthetic.config(epochs=1, protocols=(protocol,))
    session.begin(config, folder, tmp_path / "run", Console(quiet=True))
    run = RunFolder(tmp_path / "run")
    export_run(run, tmp_path / "bundle")
    names = [figure.name for figure in record_run(run, tmp_path / "bundle").figures]
    assert any("Condition 1" in name for name in names)
    assert Record.model_validate_json(
        record_run(run, tmp_path / "bundle").model_dump_json()
    ).config.protocols == (protocol,)


@pytest.mark.parametrize("name", ["faces", "att-chopra"])
def test_a_shipped_bundle_is_a_record_of_what_its_export_measured(name):
    manifest = open_bundle(SHIPPED_BUNDLES / name).manifest
    found = record_of_bundle(manifest)
    assert found.title == f"{name}-bundle"
    assert found.figures[0].value == manifest.accuracy.eer
    assert found.config.targets == load_config(name.replace("-", "_")).targets
    assert len(found.det.fmr) == len(manifest.accuracy.curve.thresholds)
