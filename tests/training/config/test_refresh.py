import json

import pytest

from model.bundle import open_bundle
from tests.training import synthetic
from training import configs
from training.config.named import refresh_export, refresh_measurement
from training.config.schema import TrainingConfig
from training.config.sections import Target

THEN = synthetic.config(name="tiny-now", epochs=1)
NOW = THEN.model_copy(
    update={
        "epochs": 7,
        "whitening": 0.5,
        "version": "9.0.0",
        "targets": (Target(figure="EER", at_most=0.1),),
    }
)


@pytest.fixture(autouse=True)
def named(tmp_path, monkeypatch):
    """Puts NOW beside the shipped configs."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "tiny_now.py").write_text(
        "from tests.training.config.test_refresh import NOW as CONFIG\n"
    )
    monkeypatch.setattr(configs, "__path__", [*configs.__path__, str(tmp_path / "configs")])


def test_what_decides_no_weight_is_taken_from_the_config_as_it_is_now():
    exported = refresh_export(THEN)
    assert (exported.export.whitening, exported.version) == (0.5, "9.0.0")
    assert (exported.optimisation.epochs, exported.measurement.targets) == (
        1,
        THEN.measurement.targets,
    )
    aimed = refresh_measurement(THEN)
    assert aimed.measurement.targets == NOW.measurement.targets
    assert (aimed.export.whitening, aimed.version, aimed.optimisation.epochs) == (
        None,
        THEN.version,
        1,
    )


def test_what_was_set_for_the_run_stays_as_it_was_set():
    varied = THEN.model_copy(update={"settings": ("whitening=0.1",), "whitening": 0.1})
    assert refresh_export(varied).export.whitening == 0.1
    assert refresh_export(varied).version == "9.0.0"


def test_a_config_of_no_name_stays_as_it_is():
    config = synthetic.config()
    assert refresh_export(config) == refresh_measurement(config) == config


def test_a_run_is_exported_as_it_was_trained_or_as_now(call, folder, tmp_path):
    run = tmp_path / "run"
    code, _, err = call("train", "tiny_now", "--data", folder, "--out", run, "--epochs", 1)
    assert code == 0, err
    config = json.loads((run / "config.json").read_text()) | {"whitening": None, "version": "1.0.0"}
    (run / "config.json").write_text(json.dumps(config))
    changed = ("--as-now", "--unseal", "the whitening is new")
    for flags, whitening, version in (((), None, "1.0.0"), (changed, 0.5, "9.0.0")):
        if flags:
            code, _, err = call("export", run, "--to", tmp_path / "tiny-now", "--as-now")
            assert code == 1
            assert "--unseal REASON" in err
        code, _, err = call("export", run, "--to", tmp_path / "tiny-now", *flags)
        assert code == 0, err
        manifest = open_bundle(tmp_path / "tiny-now").manifest
        made = TrainingConfig.model_validate_json(manifest.provenance.config_json)
        assert (made.export.whitening, manifest.version, made.optimisation.epochs) == (
            whitening,
            version,
            1,
        )
