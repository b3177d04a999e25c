"""Candidates of a choice, and the networks that were trained by them."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from training.config.candidates import Candidate
from training.config.overrides import keys_of, override
from training.config.schema import TrainingConfig
from training.config.sections import Tried
from training.selection.trial import Embedded, Score, Scores
from training.transfer.pretrained import TrainedWeights


@dataclass(frozen=True)
class Entry:
    """A candidate, with its config and the weights that it starts from.

    Attributes:
        candidate: The candidate.
        config: Its config, with the user's own values.
        weights: Weights of a shipped bundle, where it begins with one.
        seconds_per_epoch: Time of an epoch, once it is known.
        mature: Epochs after which its network is mature, once they are known.
    """

    candidate: Candidate
    config: TrainingConfig
    weights: TrainedWeights | None
    seconds_per_epoch: float = 0.0
    mature: int = 0

    @property
    def is_frozen(self) -> bool:
        """True where nothing but whitening is computed."""
        return self.config.optimisation.epochs == 0

    @property
    def seconds_until_mature(self) -> float:
        """Time of the epochs after which its network is mature."""
        return self.mature * self.seconds_per_epoch


@dataclass(frozen=True, eq=False)
class Member:
    """A network of an entry, and its scores on the calibration part.

    Attributes:
        entry: How it was trained.
        epochs: Epochs of its training.
        seconds: Time of its training and measurement.
        encoder: The network; None where the training failed.
        embedded: Embeddings of all images that are not tested; None where the training failed.
        scores: Scores by shrinkage of the whitening.
    """

    entry: Entry
    epochs: int
    seconds: float
    encoder: nn.Module | None
    embedded: Embedded | None
    scores: Scores

    @property
    def score(self) -> Score:
        """Its best score over the whitenings."""
        return self.scores[best_whitening(self.scores)]

    def tried(self, *, chosen: bool) -> Tried:
        """Return its line of the table."""
        shrinkage = best_whitening(self.scores)
        return Tried(
            name=self.entry.candidate.name,
            settings=(*self.entry.candidate.settings, *whitening_setting(shrinkage)),
            start=self.entry.candidate.start,
            eer=self.score.eer,
            epochs=self.epochs,
            seconds=round(self.seconds, 1),
            chosen=chosen,
        )


def best_whitening(scores: Scores) -> float | None:
    """Return the shrinkage of whitening with the best score; None for no whitening."""
    return min(scores, key=lambda shrinkage: scores[shrinkage].total)


def whitening_setting(shrinkage: float | None) -> tuple[str, ...]:
    """Return the override that sets a shrinkage of whitening, if there is one."""
    return () if shrinkage is None else (f"whitening={shrinkage}",)


def entry_of(
    candidate: Candidate,
    config: TrainingConfig,
    values: Sequence[str],
    weights: TrainedWeights | None,
) -> Entry:
    """Make the entry of a candidate; the user's own values replace its own."""
    given = set(keys_of(values))
    own = [text for text in candidate.settings if not given & set(keys_of([text]))]
    start = config if weights is None else weights.adopted(config)
    return Entry(candidate, override(start, [*own, *values]), weights)
