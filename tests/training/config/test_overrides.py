import pytest

from tests.training import synthetic
from training import registry
from training.config.named import config_names, load_config
from training.config.overrides import keys_of, override, value_at
from training.errors import ConfigError
from training.registry import Component, Part

CONFIG = synthetic.config()


def test_nothing_set_is_the_config_itself():
    assert override(CONFIG, []) is CONFIG


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("batch_size=64", "batch_size", 64),
        ("learning_rate=1e-3", "learning_rate", 0.001),
        ("bfloat16=true", "bfloat16", True),
        ("average_decay=0.99", "average_decay", 0.99),
        ("images_per_identity=3", "images_per_identity", 3),
        ("input.aspect=crop", "input.aspect", "crop"),
        ("split.calibration=0.3", "split.calibration", 0.3),
        ("network.options.dropout=0.4", "network.options.dropout", 0.4),
        ("network.options.widths=[8, 24]", "network.options.widths", [8, 24]),
        ("augmentation.options.zoom=[0.9,1]", "augmentation.options.zoom", [0.9, 1]),
        ("card.summary=Two words", "card.summary", "Two words"),
        ('card.summary="12"', "card.summary", "12"),
        ("metric=l1", "metric", "l1"),
    ],
)
def test_a_value_is_put_in_the_place_of_its_key_and_nowhere_else(setting, key, value):
    changed = override(CONFIG, [setting])
    assert value_at(changed, key) == value
    assert value_at(CONFIG, key) != value
    top = key.split(".")[0]
    before = CONFIG.model_dump()
    assert changed.model_dump() | {top: before[top], "settings": ()} == before


def test_keys_that_the_flat_form_leaves_out_can_be_set():
    plain = load_config("faces")
    assert {"locator", "teacher_mixtures"}.isdisjoint(plain.model_dump())
    changed = override(plain, ["locator=faces", "teacher_mixtures=4"])
    assert (changed.locator, changed.optimisation.teacher_mixtures) == ("faces", 4)
    assert changed.settings == ("locator=faces", "teacher_mixtures=4")
    assert override(changed, ["teacher_mixtures=0"]).optimisation.teacher_mixtures == 0


def test_several_are_set_together_and_the_last_of_one_key_holds():
    changed = override(CONFIG, ["epochs=2", "batch_size=8", "epochs=5"])
    assert (changed.optimisation.epochs, changed.optimisation.batch_size) == (5, 8)


def test_another_part_begins_without_the_options_of_the_one_before():
    options = ["loss.options.q=3", "loss.name=exponential"]
    assert override(CONFIG, options).loss == Component(name="exponential", options={"q": 3})


def test_a_part_can_be_set_as_a_whole():
    changed = override(CONFIG, ['optimiser={"name": "adamw"}'])
    assert changed.optimiser == Component(name="adamw")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("batchsize=64", "did you mean: batch_size"),
        ("learning_rat=1", "learning_rate"),
        ("network.option.dropout=1", "did you mean: network.options"),
        ("network.options.dropuot=0.1", "did you mean: network.options.dropout"),
        ("input.heigth=4", "did you mean: input.height"),
        ("sampler.options.image=4", "did you mean: sampler.options.images"),
        ("zzz=1", "there is: accumulate, augmentation, "),
        ("batch_size.more=1", "nothing below it"),
        ("loss.options.dim=9", "there is no loss.options.dim"),
        ("loss.name=cosfac", "there is no losses/cosfac"),
    ],
)
def test_a_misspelt_key_is_an_error_that_names_near_ones(setting, said):
    with pytest.raises(ConfigError) as caught:
        override(CONFIG, [setting])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "setting",
    [
        "batch_size=many",
        "batch_size=2.5",
        "batch_size=true",
        "batch_size=1",
        "bfloat16=1",
        "metric=l3",
        "split.calibration=0.95",
        "network.options.dropout=high",
        "network.options.dropout=[0.1]",
        "network.options.widths=8",
        'network.options.widths=["a"]',
        "sampler.options.images=2.5",
        "card=null",
    ],
)
def test_a_value_of_another_type_is_an_error(setting):
    with pytest.raises(ConfigError, match="--set"):
        override(CONFIG, [setting])


@pytest.mark.parametrize("setting", ["epochs", "=3", ""])
def test_what_is_no_setting_is_an_error(setting):
    with pytest.raises(ConfigError, match="key=value"):
        override(CONFIG, [setting])


def test_keys_are_told_for_the_comparison_with_a_run():
    assert keys_of(["a.b=1", "c=x=y"]) == ["a.b", "c"]
    assert value_at(CONFIG, "network.options.depths") == [1, 1]
    assert value_at(CONFIG, "network.options.nothing") is None


def test_what_made_it_another_config_is_noted_in_order_of_keys():
    changed = override(CONFIG, ["seed=4", "network.options.dim=8", "epochs=3", "batch_size=8"])
    assert changed.settings == ("batch_size=8", "network.options.dim=8")  # It has 3 epochs.
    again = override(changed, ["batch_size=32", "metric=l1", "card.summary=Else", "name=other"])
    assert again.settings == ("batch_size=32", "metric=l1", "network.options.dim=8")


def test_a_setting_is_noted_as_it_can_be_given_again():
    given = ["augmentation.options.zoom=[0.9,  1]", "metric=l1", "patience=7", "loss.name=triplet"]
    changed = override(CONFIG, given)
    assert override(CONFIG, changed.settings) == changed
    assert "augmentation.options.zoom=[0.9, 1]" in changed.settings


def test_a_part_that_is_named_anew_is_noted_for_the_options_that_it_loses():
    assert override(CONFIG, ["loss.name=cosface"]).settings == ("loss.name=cosface",)


def test_what_is_noted_cannot_be_set():
    with pytest.raises(ConfigError, match="there is no settings"):
        override(CONFIG, ["settings=[]"])


@pytest.mark.parametrize("name", config_names())
def test_the_targets_of_variants_are_for_settings_that_can_be_given(name):
    config = load_config(name)
    for target in config.measurement.targets:
        assert override(config, target.given).settings == target.given


@pytest.mark.parametrize("name", config_names())
def test_every_option_of_the_shipped_configs_is_of_its_declared_type(name):
    config = load_config(name)
    fields = ("network", "loss", "sampler", "augmentation", "optimiser")
    whole = [f"{field}={getattr(config, field).model_dump_json()}" for field in fields]
    assert override(config, whole) == config


@pytest.mark.parametrize("part", Part)
def test_the_types_of_every_parts_options_are_known(part):
    for name in registry.names(part):
        assert None not in registry.option_types(part, name).values()
