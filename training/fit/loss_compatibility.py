"""Whether a loss is given what it reads: pairs where it reads pairs, energies where it reads those.

A loss that reads rows 2k and 2k + 1 of a batch as a pair takes any batch: under a sampler that
shuffles images it would train on pairs that nobody chose, hardly one of them genuine, and say
nothing. So each part says what it needs or gives, in an attribute that is False where it is absent:

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
"""Of a loss that is built to be asked, not to be trained."""


def check_pairing(config: TrainingConfig) -> None:
    """Refuse a config before its data is read, whose loss is not given what it reads.

    Raises:
        ConfigError: Loss, sampler and metric do not fit, or loss or sampler cannot be built.
    """
    loss = registry.build(Part.LOSS, config.loss, dim=_DIM, identities=_IDENTITIES)
    sampler = registry.build(Part.SAMPLER, config.sampler, pairs=np.array([[0, 1]]))
    check_parts(config, loss, sampler)


def check_parts(config: TrainingConfig, loss: Any, sampler: Any) -> None:  # noqa: ANN401 (parts)
    """Refuse a loss that is not given what it reads.

    Args:
        config: For its metric, which says whether a network of pairs is trained, and for names.
        loss: As built.
        sampler: As built.

    Raises:
        ConfigError: They do not fit; it says what to change.
    """
    compares = config.metric is Metric.NONE
    if _says(loss, "reads_energies") and not compares:
        raise ConfigError(
            f"the loss {config.loss.name} reads energies of pairs, which only networks of pairs "
            f"make: with the metric {config.metric} choose a loss of embeddings, such as margin"
        )
    if compares and not _says(loss, "reads_energies"):
        raise ConfigError(
            f"the loss {config.loss.name} reads embeddings, which a network of pairs (the metric "
            "none) does not make: choose a loss of energies, such as hinge_pairs"
        )
    if (compares or _says(loss, "reads_pairs")) and not _says(sampler, "draws_pairs"):
        raise ConfigError(
            f"the loss {config.loss.name} reads images 2k and 2k + 1 of a batch as a pair, and the "
            f"sampler {config.sampler.name} does not draw pairs: set sampler.name to one that "
            f"does, such as balanced_pairs{_other_pairs(config)}"
        )


def _says(part: object, what: str) -> bool:
    return bool(getattr(part, what, False))


def _other_pairs(config: TrainingConfig) -> str:
    """What else helps where the loss can take its pairs from the whole batch."""
    options = registry.option_types(Part.LOSS, config.loss.name)
    return ", or loss.options.pairs to all" if "pairs" in options else ""
