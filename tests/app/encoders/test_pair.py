import numpy as np
import pytest

from app.encoders.pair import load_scorer
from app.errors import EncodingError
from app.settings import Provider
from model.bundle import open_bundle
from model.errors import SelfCheckError
from model.golden import golden_pairs
from model.manifest import Aspect, Golden, InputSpec
from tests import fakes


def load(folder):
    return load_scorer(open_bundle(folder), Provider.CPU)


def images(n=3, seed=0):
    shape = (n, fakes.SPEC.height, fakes.SPEC.width, fakes.SPEC.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def golden(*energies):
    return Golden(formula="ramp-1-pairs", embedding=energies, tolerance=1e-3)


@pytest.mark.parametrize("inputs", [("images1", "images2"), ("b", "a")])
def test_energies_are_what_the_graphs_operators_define(tmp_path, inputs):
    scorer = load(fakes.make_pair_bundle(tmp_path, graph=fakes.pair_graph(inputs=inputs)))
    energies = scorer.score(images(), images(seed=1))
    assert (energies.dtype, energies.shape) == (np.float32, (3,))
    np.testing.assert_allclose(energies, fakes.pair_energy(images(), images(seed=1)), rtol=1e-5)
    assert scorer.provider == "CPU"


def test_golden_energies_that_are_off_are_refused(tmp_path):
    right = fakes.pair_energy(*golden_pairs(fakes.SPEC))
    folder = fakes.make_pair_bundle(tmp_path, golden=golden(right[0], right[1] * 1.01))
    with pytest.raises(SelfCheckError, match="golden energies are off"):
        load(folder)


def test_a_graph_of_one_input_cannot_pass_for_a_pair_model(tmp_path):
    with pytest.raises(SelfCheckError, match="1 inputs; the manifest promises 2"):
        load(fakes.make_pair_bundle(tmp_path, graph=fakes.encoder_graph(dim=1)))


def test_a_graph_of_another_input_size_is_refused(tmp_path):
    wide = InputSpec(width=28, height=32, channels=1, aspect=Aspect.PAD)
    with pytest.raises(SelfCheckError, match="input is"):
        load(fakes.make_pair_bundle(tmp_path, spec=wide))


def test_a_pair_without_a_finite_energy_is_named(tmp_path):
    scorer = load(fakes.make_pair_bundle(tmp_path))
    scorer._session = load_zero_scale(tmp_path)
    left, right = images(), images(seed=1)
    right[1] = left[1]
    with pytest.raises(EncodingError, match="pair 0 of 3"):  # x / 0
        scorer.score(left, right)


def load_zero_scale(tmp_path):
    from app.encoders.session import Session  # noqa: PLC0415 (only here)

    graph = fakes.pair_graph(scale=0.0)
    folder = fakes.make_pair_bundle(tmp_path / "zero", graph=graph)
    return Session(open_bundle(folder), Provider.CPU)


def test_golden_pairs_that_have_no_finite_energy_are_refused(tmp_path):
    with pytest.raises(SelfCheckError, match="cannot be compared"):
        load(fakes.make_pair_bundle(tmp_path, graph=fakes.pair_graph(scale=0.0)))
