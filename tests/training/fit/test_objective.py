import numpy as np
import pytest
import torch
from torch import nn

from model.manifest import Metric
from tests.training import synthetic
from tests.training.fit.test_trainer import FakeProgress, trainer
from training.data.decoding import DecodedImages
from training.encoder import build_encoder
from training.errors import CollapsedError, ConfigError, DivergedError
from training.fit.objective import PairObjective, objective_of
from training.networks._pair import PairNetwork

CPU = torch.device("cpu")
SOURCE = synthetic.image_set({f"id{i}": 4 for i in range(5)})


class Brightness(PairNetwork):
    """Network whose energy is the difference of the mean brightness."""

    def forward(self, image1, image2):
        return (image1 - image2).mean(dim=(1, 2, 3))


def test_rows_2k_and_2k_plus_1_of_a_batch_are_a_pair():
    images = torch.tensor([0.0, 1, 2, 2, 5, 3])[:, None, None, None]
    objective = PairObjective()
    assert objective.outputs(Brightness(synthetic.pair().input), images).tolist() == [-1, 0, 2]
    identities = torch.tensor([3, 3, 4, 7, 1, 1])
    assert objective.labels(identities).tolist() == [0, 1, 0]


def test_a_pair_model_is_measured_on_a_sample_of_real_pairs():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 1), dtype=np.uint8)
    network = build_encoder(synthetic.pair()).train()
    pairs = PairObjective().pairs(network, DecodedImages(SOURCE, pixels), CPU)
    assert (len(pairs.genuine), len(pairs.impostor), pairs.subjects) == (30, 160, 5)
    assert pairs.are_all
    assert network.training


def test_a_constant_network_of_pairs_is_said_to_be_collapsed(folder, tmp_path):
    config = synthetic.pair(epochs=1, learning_rate=1e-12)
    made = trainer(config, folder, tmp_path / "run")
    nn.init.zeros_(made.encoder.decision[-1].weight)
    nn.init.constant_(made.encoder.decision[-1].bias, 0.5)
    with pytest.raises(CollapsedError, match="every pair"):
        made.fit(FakeProgress())


def test_an_energy_that_is_no_number_is_said():
    network = build_encoder(synthetic.pair())
    nn.init.constant_(network.decision[-1].bias, torch.nan)
    black = DecodedImages(SOURCE, np.zeros((20, 32, 32, 1), np.uint8))
    with pytest.raises(DivergedError, match="not finite"):
        PairObjective().pairs(network, black, CPU)


@pytest.mark.parametrize("network", ["two_channel", "siam"])
def test_training_tells_pairs_apart_that_it_has_not_seen(folder, tmp_path, network):
    # At the default learning rate `siam` collapses for every third seed.
    config = synthetic.pair(network, epochs=12, learning_rate=0.02)
    made = trainer(config, folder, tmp_path / "run")
    progress = FakeProgress()
    made.fit(progress)
    assert progress.epochs[-1]["calibration EER"] < 0.25


def test_a_metric_that_does_not_fit_the_network_is_refused():
    with pytest.raises(ConfigError, match="set the metric to none"):
        objective_of(Metric.L2, Brightness(synthetic.pair().input))
    with pytest.raises(ConfigError, match="set the metric to l1, l2 or hamming"):
        objective_of(Metric.NONE, nn.Identity())
