"""Starts of the folds of a cross-validation: given weights, or an encoder for each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from training.config.schema import TrainingConfig
from training.config.sections import CommonStart
from training.data.folds import common_split
from training.data.split import IdentitySplit
from training.experiments.member import Member
from training.transfer.pretrained import TrainedWeights, open_weights


@dataclass(frozen=True)
class GivenStart:
    """Given weights, equal for every fold, or random ones."""

    weights: TrainedWeights | None = None

    def train(self, console: Console) -> None:
        """Do nothing: there is nothing to train."""

    @property
    def seconds(self) -> float:
        """Duration of its own training: none here."""
        return 0.0

    @property
    def is_ready(self) -> bool:
        """True: folds can always start from it."""
        return True


@dataclass(frozen=True)
class TrainedStart:
    """Encoder that is trained for a group of folds, on no identity that one of them tests.

    Attributes:
        config: That of its own training.
        data: The data set.
        split: Identities that it is trained on and validated on; its test part is all identities
            that the folds test.
        member: The folder of its run.
    """

    config: TrainingConfig
    data: Path
    split: IdentitySplit
    member: Member

    def train(self, console: Console) -> None:
        """Train it unless that is done; continue a killed training.

        Raises:
            RunError: Its folder was begun with another config or split.
            TrainingError: What else a training raises.
        """
        if not self.is_ready:
            console.print(f"the common start of several folds, in {self.member.folder}")
            self.member.train_only(self.config, self.data, self.split, console)

    @property
    def weights(self) -> TrainedWeights | None:
        """Weights that a fold starts from; None where they are not trained yet.

        The calibration people were only validated on, so each fold may calibrate on them.
        """
        if not self.is_ready:
            return None
        run = self.member.run
        return replace(open_weights(run.path), seen=run.digests().train)

    @property
    def seconds(self) -> float:
        """Duration of its training."""
        return sum(epoch["seconds"] for epoch in self.member.run.history())

    @property
    def is_ready(self) -> bool:
        """True once its training is complete.

        Raises:
            RunError: Its folder was begun with another config or split.
        """
        self.member.check(self.config, self.split, None)
        begun = self.member.is_begun
        return begun and len(self.member.run.history()) == self.config.optimisation.epochs


Start = GivenStart | TrainedStart


def trained_starts(
    config: TrainingConfig,
    common: CommonStart,
    data: Path,
    splits: Sequence[IdentitySplit],
    out: Path,
) -> tuple[TrainedStart, ...]:
    """Return the start of each fold; the folds of a group share theirs.

    Args:
        config: That of the folds.
        common: Its `common_start`.
        data: The data set.
        splits: Of the folds, which calibrate on the same people within a group.
        out: The folder that holds the folds; the starts get `start0`, `start1` … beside them.
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
    starts: list[TrainedStart] = []
    for group, members in enumerate(np.array_split(np.arange(len(splits)), common.groups)):
        split = common_split([splits[fold] for fold in members])
        start = TrainedStart(own, data, split, Member(out / f"start{group}"))
        starts += [start] * len(members)
    return tuple(starts)
