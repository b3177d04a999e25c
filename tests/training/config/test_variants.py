import pytest

from tests.training import synthetic
from training.config.named import load_config
from training.config.overrides import override
from training.config.sections import Target
from training.config.variants import targets_of, variant_of
from training.encoder import build_encoder

CONFIG = synthetic.config()
CODES = synthetic.codes()


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ([], ""),
        (["epochs=20"], "20-epochs"),
        (["seed=8"], ""),
        (["network.options.dim=8"], "8-dim"),
        (["network.options.dropout=0.4", "epochs=9"], "9-epochs-0.4-dropout"),
        (["network.options.widths=[8, 24]"], "8-24-widths"),
        (["bfloat16=true"], "bfloat16"),
        (["network.options.squeeze=null"], "no-squeeze"),
        (["loss.name=multi_similarity"], "multi-similarity-loss"),
        (['optimiser={"name": "adamw"}'], "name-adamw-optimiser"),
        (["network.name=mlp", "network.options.hidden=[]"], "mlp-network-hidden"),
    ],
    ids=str,
)
def test_a_variant_is_named_after_what_was_set(settings, name):
    # As noted, whatever the part thinks of it.
    noted = tuple(sorted(s for s in settings if not s.startswith("seed")))
    assert variant_of(CONFIG.model_copy(update={"settings": noted})) == name


def test_the_length_of_a_code_is_told_in_bits():
    assert variant_of(override(CODES, ["network.options.dim=32"])) == "32-bits"


def test_a_long_name_is_cut_and_kept_apart():
    settings = [f"network.options.widths={list(range(count))}" for count in (60, 61)]
    names = [variant_of(CONFIG.model_copy(update={"settings": (s,)})) for s in settings]
    assert all(70 < len(name) <= 80 for name in names)
    assert names[0][:70] == names[1][:70]
    assert names[0] != names[1]


def test_a_target_is_for_the_config_as_it_stands_or_for_the_variant_that_it_names():
    whole = Target(figure="error", at_most=0.1)
    short = Target(figure="error", at_most=0.2, given=("network.options.dim=8",))
    config = CONFIG.model_copy(update={"targets": (whole, short)})
    assert targets_of(config) == (whole,)
    assert targets_of(override(config, ["seed=3"])) == (whole,)
    assert targets_of(override(config, ["network.options.dim=8"])) == (short,)
    assert targets_of(override(config, ["network.options.dim=24"])) == ()
    assert targets_of(override(config, ["network.options.dim=8", "epochs=9"])) == ()


@pytest.mark.parametrize("name", ["mnist_hdml_net", "mnist_hdml_conv"])
@pytest.mark.parametrize(("bits", "published"), [(32, "1.45"), (64, "1.38"), (128, "1.27")])
def test_the_configs_of_codes_take_the_papers_lengths_with_the_papers_figures(
    name, bits, published
):
    config = override(load_config(name), [f"network.options.dim={bits}"])
    assert build_encoder(config).dim == bits
    symmetric, asymmetric = targets_of(config)
    assert symmetric.figure == "kNN error, k = 5"
    assert symmetric.published.startswith(f"{published} % at {bits} bits")
    assert "asymmetric" in asymmetric.figure
    assert variant_of(config) == ("" if bits == 64 else f"{bits}-bits")
