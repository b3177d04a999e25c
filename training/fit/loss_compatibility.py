"""Checks that a loss fits the sampler and the network.

A loss that reads rows 2k and 2k + 1 of a batch as a pair accepts any batch: with a sampler that
shuffles images it would train on arbitrary pairs, nearly all of them impostors, without an error.
Each part therefore declares its needs in an attribute, which counts as False where it is absent:

- a loss: `reads_pairs` (rows 2k and 2k + 1 of the embeddings are a pair), or `reads_energies`
  (it takes energies and labels of pairs, made by networks of pairs: see `training.fit.objective`);
- a sampler: `draws_pairs` (images 2k and 2k + 1 of its batches are a pair).
"""

from __future__ import annotations

from typing import Any

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
        ConfigError: Loss, sampler and metric do not fit, or loss or sampler cannot be built.
    """
    loss = registry.build(Part.LOSS, config.loss, dim=_DIM, identities=_IDENTITIES)
    sampler = registry.build(Part.SAMPLER, config.sampler, pairs=np.array([[0, 1]]))
    check_parts(config, loss, sampler)


def check_parts(config: TrainingConfig, loss: Any, sampler: Any) -> None:  # noqa: ANN401 (parts)
    """Check a loss and a sampler that are built.

    Args:
        config: Its metric decides whether a network of pairs is trained.
        loss: A part of `training.losses`.
        sampler: A part of `training.sampling`.

    Raises:
        ConfigError: They do not fit; the message names the setting to change.
    """
    compares = config.metric is Metric.NONE
    if _declares(loss, "reads_energies") and not compares:
        raise ConfigError(
            f"the loss {config.loss.name} reads energies of pairs, which only networks of pairs "
            f"make: with the metric {config.metric} choose a loss of embeddings, such as margin"
        )
    if compares and not _declares(loss, "reads_energies"):
        raise ConfigError(
            f"the loss {config.loss.name} reads embeddings, which a network of pairs (the metric "
            "none) does not make: choose a loss of energies, such as hinge_pairs"
        )
    if (compares or _declares(loss, "reads_pairs")) and not _declares(sampler, "draws_pairs"):
        raise ConfigError(
            f"the loss {config.loss.name} reads images 2k and 2k + 1 of a batch as a pair, and the "
            f"sampler {config.sampler.name} does not draw pairs: set sampler.name to one that "
            f"does, such as balanced_pairs{_alternative(config)}"
        )


def _declares(part: object, attribute: str) -> bool:
    return bool(getattr(part, attribute, False))


def _alternative(config: TrainingConfig) -> str:
    """Return the advice for a loss that can take its pairs from the whole batch, or nothing."""
    options = registry.option_types(Part.LOSS, config.loss.name)
    return ", or loss.options.pairs to all" if "pairs" in options else ""
