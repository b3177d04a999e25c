import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle, read_manifest
from tests.training import synthetic
from training import configs, registry
from training.config.named import config_names, load_config
from training.config.schema import TrainingConfig
from training.config.sections import Export, Measurement, Optimisation
from training.encoder import build_encoder
from training.errors import ConfigError
from training.registry import Component, Part
from training.results import record

RECORDS = sorted(Path(record.__file__).parents[1].glob("records/*.json"))
FOLDERS = sorted(path.parent for path in SHIPPED_BUNDLES.glob("*/manifest.json"))
BUNDLES = [folder for folder in FOLDERS if read_manifest(folder).provenance is not None]


def test_the_configs_are_the_files_that_are_no_helpers(tmp_path, monkeypatch):
    (tmp_path / "_helper.py").touch()
    (tmp_path / "another.py").touch()
    monkeypatch.setattr(configs, "__path__", [*configs.__path__, str(tmp_path)])
    assert {"att_chopra", "faces", "own_folder", "another"} <= set(config_names())
    assert "_helper" not in config_names()


@pytest.mark.parametrize("name", config_names())
def test_every_shipped_config_can_be_built(name):
    config = load_config(name)
    encoder = build_encoder(config)
    loss = registry.build(Part.LOSS, config.loss, dim=encoder.dim, identities=5)
    registry.build(
        Part.OPTIMISER,
        config.optimiser,
        parameters=[*encoder.parameters(), *loss.parameters()],
        learning_rate=config.optimisation.learning_rate,
    )
    registry.build(Part.SAMPLER, config.sampler, pairs=np.array([[0, 1]]))
    registry.build(Part.AUGMENTATION, config.augmentation)


@pytest.mark.parametrize("name", config_names())
def test_every_shipped_config_says_how_it_is_run(name):
    text = importlib.import_module(f"training.configs.{name}").__doc__
    if load_config(name).split.official_folds:
        assert f"python -m training folds {name} --data" in text
    else:
        assert f"python -m training train {name} --data" in text
        assert "python -m training export" in text


def test_json_and_back_is_the_same_config():
    config = load_config("faces")
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config


def written_again(text):
    """A config read and written, without the keys that are newer than the text."""

    def known(new, old):
        if isinstance(old, list):
            return [known(*pair) for pair in zip(new, old, strict=True)]
        if not isinstance(old, dict):
            return new
        return {key: known(value, old[key]) for key, value in new.items() if key in old}

    config = TrainingConfig.model_validate_json(text).model_dump_json()
    return json.dumps(known(json.loads(config), json.loads(text)))


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_the_configs_of_the_shipped_bundles_keep_their_flat_form(bundle):
    text = open_bundle(bundle).manifest.provenance.config_json
    assert written_again(text) == json.dumps(json.loads(text))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_the_configs_of_the_records_keep_their_flat_form(path):
    text = json.dumps(json.loads(path.read_text())["config"])
    assert written_again(text) == text


def test_json_of_all_keys_is_written_again_byte_for_byte():
    text = open_bundle(SHIPPED_BUNDLES / "faces").manifest.provenance.config_json
    assert TrainingConfig.model_validate_json(text).model_dump_json() == text
    [path] = [path for path in RECORDS if path.stem.startswith("faces-view2")]
    again = record.Record.model_validate_json(path.read_text()).model_dump_json(indent=1)
    assert again + "\n" == path.read_text()


def test_a_field_is_in_one_section_only():
    sections = {"export": Export, "optimisation": Optimisation, "measurement": Measurement}
    names = [name for section in sections.values() for name in section.model_fields]
    names += [name for name in TrainingConfig.model_fields if name not in sections]
    assert len(names) == len(set(names))
    assert set(names) == set(load_config("faces_taught").model_dump())


def test_sections_may_be_given_as_they_are_or_by_their_keys():
    flat = synthetic.config(epochs=2, batch_size=8, whitening=0.3)
    nested = synthetic.config().model_copy(update={"epochs": 2, "batch_size": 8, "whitening": 0.3})
    assert flat == nested
    assert flat.optimisation == Optimisation(epochs=2, batch_size=8, learning_rate=0.05)
    assert flat.export == Export(whitening=0.3)


def test_a_copy_is_checked():
    with pytest.raises(ValidationError, match="epoch\n  Extra inputs"):
        synthetic.config().model_copy(update={"epoch": 2})


def test_fields_can_be_replaced():
    config = load_config("att_chopra", {"epochs": 2, "seed": 9})
    assert (config.optimisation.epochs, config.seed) == (2, 9)
    assert config.optimisation.batch_size == load_config("att_chopra").optimisation.batch_size


def test_an_unknown_config_is_an_error_that_lists_those_that_exist():
    with pytest.raises(ConfigError, match=r"there are: att_chopra, .*faces, "):
        load_config("face")


@pytest.mark.parametrize(
    "overrides",
    [{"epochs": -1}, {"seed": -1}, {"epoch": 3}, {"learning_rate": "fast"}, {"version": "1"}],
    ids=str,
)
def test_a_field_or_value_that_cannot_be_is_an_error_in_one_line(overrides):
    with pytest.raises(ConfigError, match=f"config faces: {next(iter(overrides))}") as caught:
        load_config("faces", overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metric", ["cosine", "l3"])
def test_a_metric_that_no_network_has_is_refused_before_training(metric):
    with pytest.raises(ValidationError, match="metric"):
        synthetic.config(metric=metric)


def test_a_component_is_strict():
    with pytest.raises(ValidationError):
        Component(name="none", opts={})


@pytest.mark.parametrize(
    ("accumulate", "right"), [(1, True), (2, True), (8, True), (3, False), (16, False)]
)
def test_a_batch_is_taken_in_equal_parts_of_whole_pairs(accumulate, right):
    if right:
        assert (
            synthetic.config(batch_size=16, accumulate=accumulate).optimisation.accumulate
            == accumulate
        )
    else:
        with pytest.raises(ValidationError, match="choose another accumulate"):
            synthetic.config(batch_size=16, accumulate=accumulate)
