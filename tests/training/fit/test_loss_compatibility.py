import pytest

from tests.training import synthetic
from tests.training.fit.test_trainer import trainer
from training.config.named import config_names, load_config
from training.config.overrides import override
from training.errors import ConfigError
from training.fit.loss_compatibility import check_compatibility
from training.registry import Component, Part, names

SHUFFLED = Component(name="shuffled")
PK = Component(name="pk", options={"per_identity": 2})
CONSECUTIVE = Component(name="margin")
ALL = Component(name="margin", options={"pairs": "all"})


@pytest.mark.parametrize("sampler", [SHUFFLED, PK], ids=lambda sampler: sampler.name)
@pytest.mark.parametrize(
    "config", [synthetic.chopra(), synthetic.chopra(loss=CONSECUTIVE), synthetic.pair()]
)
def test_a_loss_that_reads_pairs_is_refused_where_none_are_drawn(config, sampler):
    check_compatibility(config)
    with pytest.raises(ConfigError, match=f"{sampler.name} does not draw pairs: set sampler.name"):
        check_compatibility(config.model_copy(update={"sampler": sampler}))


def test_listed_pairs_are_pairs():
    check_compatibility(synthetic.chopra(sampler=Component(name="listed_pairs")))


@pytest.mark.parametrize("sampler", [SHUFFLED, PK], ids=lambda sampler: sampler.name)
def test_the_margin_loss_of_all_pairs_takes_any_batch_and_the_error_says_so(sampler):
    with pytest.raises(ConfigError, match=r"or loss\.options\.pairs to all$"):
        check_compatibility(synthetic.config(loss=CONSECUTIVE, sampler=sampler))
    check_compatibility(synthetic.config(loss=ALL, sampler=sampler))


def test_the_loss_of_one_kind_of_network_is_refused_for_the_other():
    with pytest.raises(ConfigError, match="choose a loss of embeddings, such as margin"):
        check_compatibility(synthetic.chopra(loss=Component(name="hinge_pairs")))
    with pytest.raises(ConfigError, match="choose a loss of energies, such as hinge_pairs"):
        check_compatibility(synthetic.pair(loss=Component(name="exponential", options={"q": 2.0})))


@pytest.mark.parametrize("name", sorted({"arcface", "cosface", "hdml", "supcon", "triplet"}))
def test_losses_that_compare_by_identity_take_any_batch(name):
    assert name in names(Part.LOSS)
    check_compatibility(synthetic.config(loss=Component(name=name)))


@pytest.mark.parametrize("name", config_names())
def test_every_shipped_config_gives_its_loss_what_it_reads(name):
    check_compatibility(load_config(name))


def test_a_sampler_that_is_set_is_refused_before_the_data_is_looked_for(tmp_path):
    config = override(load_config("att_chopra"), ["sampler.name=shuffled"])
    with pytest.raises(ConfigError, match="does not draw pairs"):
        synthetic.train(config, tmp_path / "no data", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_trainer_refuses_it_too(folder, tmp_path):
    with pytest.raises(ConfigError, match="does not draw pairs"):
        trainer(synthetic.chopra(sampler=SHUFFLED), folder, tmp_path / "run")
