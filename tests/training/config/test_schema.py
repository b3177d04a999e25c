import importlib

import numpy as np
import pytest
from pydantic import ValidationError

from tests.training import synthetic
from training import registry
from training.config.named import config_names, load_config
from training.config.schema import TrainingConfig
from training.encoder import build_encoder
from training.errors import ConfigError
from training.registry import Component, Part


def test_the_configs_are_the_files():
    assert {"att_chopra", "faces", "own_folder"} <= set(config_names())


@pytest.mark.parametrize("name", config_names())
def test_every_shipped_config_can_be_built(name):
    config = load_config(name)
    encoder = build_encoder(config)
    loss = registry.build(Part.LOSS, config.loss, dim=encoder.dim, identities=5)
    registry.build(
        Part.OPTIMISER,
        config.optimiser,
        parameters=[*encoder.parameters(), *loss.parameters()],
        learning_rate=config.learning_rate,
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


def test_fields_can_be_replaced():
    config = load_config("att_chopra", {"epochs": 2, "seed": 9})
    assert (config.epochs, config.seed) == (2, 9)
    assert config.batch_size == load_config("att_chopra").batch_size


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
        assert synthetic.config(batch_size=16, accumulate=accumulate).accumulate == accumulate
    else:
        with pytest.raises(ValidationError, match="choose another accumulate"):
            synthetic.config(batch_size=16, accumulate=accumulate)
