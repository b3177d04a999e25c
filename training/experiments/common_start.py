"""Starts that groups of folds share: encoders trained on no identity that one of them tests."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.config.schema import TrainingConfig
from training.config.sections import CommonStart
from training.data.folds import common_split
from training.data.split import IdentitySplit
from training.experiments.member import Member
from training.transfer.pretrained import TrainedWeights, open_weights


def weights_of(start: Member) -> TrainedWeights:
    """Open the weights of a trained start.

    Its calibration people were only validated on, so each fold may calibrate on them.
    """
    return replace(open_weights(start.run.path), seen=start.run.digests().train)


def common_starts(
    config: TrainingConfig,
    common: CommonStart,
    data: Path,
    splits: Sequence[IdentitySplit],
    out: Path,
) -> tuple[Member, ...]:
    """Return the start of each fold; the folds of a group share theirs.

    The folds have this config and these splits, and calibrate on the same people within a group.
    The folder `out` holds the folds; the starts get `start0`, `start1` … beside them.
    """
    own = config.model_copy(
        update={
            "epochs": common.epochs,
            "learning_rate": common.learning_rate,
            "common_start": None,
            "patience": None,
            # A start is never exported.
            "whitening": None,
            "whitening_weights": "equal",
        }
    )
    starts: list[Member] = []
    for group, members in enumerate(np.array_split(np.arange(len(splits)), common.groups)):
        split = common_split([splits[fold] for fold in members])
        starts += [Member(out / f"start{group}", own, data, split)] * len(members)
    return tuple(starts)
