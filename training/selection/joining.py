"""Choice of the networks that are joined: as many of the best ones as err least together.

The networks are taken in the order of their own scores, and the number of them is chosen on the
calibration identities: ensemble selection from a library of trained models (Caruana,
Niculescu-Mizil, Crew, Ksikes 2004), restricted to the leading ones, since few identities would
choose a subset by chance.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from training.config.overrides import override
from training.config.schema import TrainingConfig
from training.data.split import DataSplit
from training.networks import joined
from training.selection.member import Member, best_whitening, whitening_setting
from training.selection.trial import Embedded, Score, Scores, scores
from training.transfer.pretrained import TrainedWeights

MAX_JOINED = 5
"""Maximum networks in a joined one, whose cost is the sum of theirs."""
_LENGTH_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Joined:
    """Networks whose embeddings are joined, the best one first, and their scores together."""

    members: tuple[Member, ...]
    embedded: Embedded
    scores: Scores

    @property
    def score(self) -> Score:
        """Its best score over the whitenings."""
        return self.scores[best_whitening(self.scores)]

    @property
    def weights(self) -> TrainedWeights | None:
        """Weights that a member starts from, if one does."""
        starts = (member.entry.weights for member in self.members)
        return next((weights for weights in starts if weights is not None), None)

    def config(self, config: TrainingConfig) -> TrainingConfig:
        """Return the config of the joined network, which is not trained any further."""
        network = {"name": "joined", "options": {"members": self._networks()}}
        whitening = whitening_setting(best_whitening(self.scores))
        return override(config, [f"network={json.dumps(network)}", "epochs=0", *whitening])

    def network(self) -> nn.Module:
        """Build the joined network, with the weights of its members."""
        config = self.members[0].entry.config
        network = joined.build(config.input, members=self._networks())
        for place, member in zip(network.members, self.members, strict=True):
            if member.encoder is not None:
                place.load_state_dict(member.encoder.state_dict())
        return network

    def _networks(self) -> list[dict[str, Any]]:
        return [member.entry.config.network.model_dump() for member in self.members]


def can_join(member: Member, config: TrainingConfig) -> bool:
    """Check whether a member has the config's own input, and embeddings of length 1."""
    own = member.entry.config
    if member.embedded is None or own.network.name == "joined":
        return False
    lengths = np.linalg.norm(member.embedded[0], axis=1)
    return (
        own.input == config.input
        and own.locator == config.locator
        and own.export.views == config.export.views
        and bool(np.allclose(lengths, 1, atol=_LENGTH_TOLERANCE))
    )


def best_joined(members: Sequence[Member], split: DataSplit) -> Joined | None:
    """Join two or more of the leading members by their scores; None without as many.

    Of equal scores the larger number is taken.
    """
    ranked = sorted(members, key=lambda member: member.score.total)[:MAX_JOINED]
    found = [_joined(ranked[:count], split) for count in range(2, len(ranked) + 1)]
    return min(reversed(found), key=lambda each: each.score.total, default=None)


def _joined(members: Sequence[Member], split: DataSplit) -> Joined:
    together = _together(members)
    return Joined(tuple(members), together, scores(together, split))


def _together(members: Sequence[Member]) -> Embedded:
    """Put the embeddings of members side by side, each row of length 1."""
    embedded = [member.embedded for member in members if member.embedded is not None]
    embeddings = np.concatenate([vectors for vectors, _ in embedded], axis=1)
    return (embeddings / len(embedded) ** 0.5).astype(np.float32), embedded[0][1]
