"""Checks that a loss fits the sampler and the network.

A loss that reads rows 2k and 2k + 1 of a batch as a pair accepts any batch: with a sampler that
shuffles images it would train on arbitrary pairs, nearly all of them impostors, without an error.
Each part therefore declares its needs in an attribute, which counts as False where it is absent:

- a loss: `reads_pairs` (rows 2k and 2k + 1 of the embeddings are a pair), or `reads_energies`
  (it takes energies and labels of pairs, made by networks of pairs: see `training.fit.objective`);
- a sampler: `draws_pairs` (images 2k and 2k + 1 of its batches are a pair).
"""

import numpy as np

from model.manifest import Metric
from training import registry
from training.config.schema import TrainingConfig
from training.errors import ConfigError
from training.registry import Part

_DIM, _IDENTITIES = 8, 2
"""Arguments of a loss that is built for its attributes only."""


def check_compatibility(config: TrainingConfig) -> None:
    """Check loss, sampler and metric of a config, before any data is read.

    Raises:
        ConfigError: Loss, sampler and metric do not fit, or loss or sampler cannot be built; the
            message names the setting to change.
    """
    loss = registry.build(Part.LOSS, config.loss, dim=_DIM, identities=_IDENTITIES)
    sampler = registry.build(Part.SAMPLER, config.sampler, pairs=np.array([[0, 1]]))
    compares = config.metric is Metric.NONE
    reads_energies = getattr(loss, "reads_energies", False)
    reads_pairs = compares or getattr(loss, "reads_pairs", False)
    if reads_energies and not compares:
        raise ConfigError(
            f"the loss {config.loss.name} reads energies of pairs, which only networks of pairs "
            f"make: with the metric {config.metric} choose a loss of embeddings, such as margin"
        )
    if compares and not reads_energies:
        raise ConfigError(
            f"the loss {config.loss.name} reads embeddings, which a network of pairs (the metric "
            "none) does not make: choose a loss of energies, such as hinge_pairs"
        )
    if reads_pairs and not getattr(sampler, "draws_pairs", False):
        options = registry.option_types(Part.LOSS, config.loss.name)
        alternative = ", or loss.options.pairs to all" if "pairs" in options else ""
        raise ConfigError(
            f"the loss {config.loss.name} reads images 2k and 2k + 1 of a batch as a pair, and the "
            f"sampler {config.sampler.name} does not draw pairs: set sampler.name to one that "
            f"does, such as balanced_pairs{alternative}"
        )
