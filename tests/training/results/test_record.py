import shutil

import pytest

from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle
from tests.training import synthetic
from training.config.named import load_config
from training.config.overrides import override
from training.config.sections import Target
from training.config.variants import variant_of
from training.errors import RunError
from training.evaluation.measured_value import MeasuredValue
from training.export.bundle import export_run
from training.export.recalibrate import recalibrate
from training.registry import Component
from training.results.page import write_results
from training.results.record import (
    EER,
    Record,
    read_records,
    record_of_bundle,
    record_run,
    write_record,
)
from training.results.sections import sections
from training.runs.run_folder import RunFolder


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


def test_a_bundle_that_was_calibrated_on_other_data_since_is_refused(run, exported, tmp_path):
    other = synthetic.image_set({f"new{i:02d}": 3 for i in range(12)})
    recalibrate(open_bundle(exported), other, tmp_path / "fitted")
    with pytest.raises(RunError, match="calibrated on other data since"):
        record_run(RunFolder(run), tmp_path / "fitted")


def test_a_file_that_is_no_record_is_named(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(RunError, match=r"x\.json is not a record: config: Field required"):
        read_records(tmp_path)


def made(record, seed, error, **changes):
    """A record of another seed, with one figure."""
    target = Target(figure="error", at_most=0.02, published="3 % (they, 1999)")
    config = record.config.model_copy(update={"targets": (target,)})
    figure = MeasuredValue(
        name="error",
        value=error,
        standard_error=0.004,
        standard_error_over="images",
        trials=100,
    )
    return record.model_copy(
        update={"config": config, "seed": seed, "figures": (figure,), **changes}
    )


def test_a_run_with_settings_has_a_record_of_its_own_that_takes_no_others_place(record, tmp_path):
    plain = made(record, 1, 0.01)
    config = override(plain.config, ["network.options.dim=8"])
    varied = plain.model_copy(update={"config": config, "variant": variant_of(config)})
    names = {write_record(each, tmp_path).name for each in (plain, varied)}
    assert names == {"patterns-seed1.json", "patterns-8-dim-seed1.json"}
    assert read_records(tmp_path) == (varied, plain)


def test_the_record_of_other_settings_that_are_named_alike_is_not_overwritten(record, tmp_path):
    for key in ("network", "augmentation"):
        config = record.config.model_copy(update={"settings": (f"{key}.options.grey=1",)})
        varied = record.model_copy(update={"config": config, "variant": variant_of(config)})
        if key == "network":
            write_record(varied, tmp_path)
            assert write_record(varied, tmp_path).name == "patterns-1-grey-seed0.json"
    with pytest.raises(RunError, match="record of another variant"):
        write_record(varied, tmp_path)


def test_the_page_holds_a_variant_against_no_bar_that_was_not_set_for_it_and_says_so(
    record, tmp_path
):
    def page_of(*records):
        write_results(records, tmp_path / "results.md")
        return (tmp_path / "results.md").read_text()

    plain = made(record, 1, 0.03)
    config = override(plain.config, ["network.options.dropout=0.4"])
    varied = plain.model_copy(update={"config": config, "variant": variant_of(config)})
    [section] = sections([varied])
    assert (section.rows[0].bar, section.rows[0].verdict) == ("", "")
    page = page_of(varied)
    assert "- a variant: `network.options.dropout=0.4` in place of the config's" in page
    given = plain.config.measurement.targets[0].model_copy(update={"given": config.settings})
    own = config.model_copy(update={"targets": (*config.measurement.targets, given)})
    [section] = sections([varied.model_copy(update={"config": own})])
    assert section.rows[0].verdict == "**missed**"
    assert "a variant" not in page_of(plain)


def test_a_record_with_an_unknown_field_is_refused(record, tmp_path):
    text = record.model_dump_json().replace('"variant"', '"variety"')
    (tmp_path / "y.json").write_text(text)
    with pytest.raises(RunError, match="variety"):
        read_records(tmp_path)


def test_a_protocol_of_the_config_is_measured_on_the_bundle(folder, tmp_path):
    protocol = Component(name="separation")
    config = synthetic.config(epochs=1, protocols=(protocol,))
    synthetic.train(config, folder, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    export_run(run, tmp_path / "bundle")
    names = [figure.name for figure in record_run(run, tmp_path / "bundle").figures]
    assert any("Condition 1" in name for name in names)
    assert Record.model_validate_json(
        record_run(run, tmp_path / "bundle").model_dump_json()
    ).config.measurement.protocols == (protocol,)


@pytest.mark.parametrize(
    ("name", "config"),
    [("faces", "faces-taught"), ("faces-crops", "faces"), ("att-chopra", "att-chopra")],
)
def test_a_shipped_bundle_is_a_record_of_what_its_export_measured(name, config):
    manifest = open_bundle(SHIPPED_BUNDLES / name).manifest
    found = record_of_bundle(manifest)
    assert found.title == f"{config}-bundle"
    assert found.figures[0].value == manifest.accuracy.eer
    assert (
        found.config.measurement.targets
        == load_config(config.replace("-", "_")).measurement.targets
    )
    assert len(found.det.fmr) == len(manifest.accuracy.curve.thresholds)
