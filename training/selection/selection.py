"""Training of several networks by the candidates of a config, and choice of those to join.

All candidates are trained for a short time, the best ones again for a longer time, and what did
best once more with other seeds until the time is over (successive halving: Karnin, Koren, Somekh
2013). Every network is trained on the training part, with a learning rate that falls to 0, so
that each is a whole result: none is thrown away, and the best ones are joined.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count, cycle

from torch import nn

from training.config.overrides import override
from training.config.schema import TrainingConfig
from training.config.sections import Choice, ChosenBy, Tried
from training.data.split import DataSplit
from training.errors import DivergedError
from training.selection.budget import Budget
from training.selection.joining import best_joined, can_join
from training.selection.member import Entry, Member, best_whitening, whitening_setting
from training.selection.progress import ChoiceProgress
from training.selection.trial import FAILED, Trials, scores
from training.transfer.pretrained import TrainedWeights

_FIRST = 0.25
"""Share of the time for the first round."""
_SECOND = 0.55
"""Share of the time for the second round."""
_FINALISTS = 3
_FINALIST_SECONDS = 10.0
"""Minimum time of a network of the second round, for which finalists are given up."""
_EPOCHS = (8, 20)
"""Maximum epochs in the first and the second round: then a network knows the identities by heart,
and another one beside it is worth more."""
_RIPE = 3
"""Largest ratio of the epochs of networks that are joined: of few identities a rough network is
the best one by chance."""
_RESERVE = 0.03
"""Share of the time that is kept for the choice of what is joined."""
_MIN_RESERVE = 2.0


@dataclass(frozen=True)
class Chosen:
    """Result of a choice: a config, and the weights that it begins with.

    Attributes:
        config: Config without epochs.
        weights: Weights of a shipped bundle, where it begins with one.
        network: The joined network; None for a bundle as it is.
        tried: Lines of the table, the chosen one first.
    """

    config: TrainingConfig
    weights: TrainedWeights | None
    network: nn.Module | None
    tried: tuple[Tried, ...]


@dataclass(frozen=True)
class Selection:
    """Training and choice among some entries, within a time.

    Attributes:
        config: The config whose candidates they are, with the user's own values.
        trials: Trains and measures.
        split: Split of the identities.
        budget: Time for everything.
        progress: Shows each training.
    """

    config: TrainingConfig
    trials: Trials
    split: DataSplit
    budget: Budget
    progress: ChoiceProgress

    def run(self, entries: Sequence[Entry]) -> Chosen:
        """Train networks until the time is over, and choose."""
        members = [self._frozen(entry) for entry in entries if entry.is_frozen]
        trained = self._timed([entry for entry in entries if not entry.is_frozen])
        members += self._first(trained)
        finalists = self._second([each for each in members if each.epochs])
        members += finalists
        members += self._more(finalists)
        return self._chosen(members)

    def _timed(self, entries: Sequence[Entry]) -> list[Entry]:
        """Time an epoch of each network and augmentation once."""
        if entries:
            self.progress.trying("the number of threads")
            self.trials.settle_threads(entries[-1].config, self.split)
        known: dict[str, float] = {}
        timed = []
        for entry in entries:
            config = entry.config
            parts = (config.network, config.input, config.sampler, config.augmentation.name)
            if (key := str(parts)) not in known:
                self.progress.trying(entry.candidate.name)
                known[key] = self.trials.seconds_per_epoch(config, self.split)
            timed.append(replace(entry, seconds_per_epoch=known[key]))
        return timed

    def _first(self, entries: Sequence[Entry]) -> list[Member]:
        seconds = _FIRST * self.budget.seconds / max(1, len(entries))
        return self._trained((entry, seconds, _EPOCHS[0], 0) for entry in entries)

    def _second(self, members: Sequence[Member]) -> list[Member]:
        whole = min(_SECOND * self.budget.seconds, self._left())
        finalists = max(1, min(_FINALISTS, int(whole / _FINALIST_SECONDS)))
        best = sorted(members, key=lambda member: member.score.total)[:finalists]
        seconds = whole / max(1, len(best))
        return self._trained((_retimed(each), seconds, _EPOCHS[1], 1) for each in best)

    def _more(self, members: Sequence[Member]) -> list[Member]:
        """Train what did best with other seeds, while there is time."""
        good = [each for each in members if each.encoder is not None]
        best = sorted(good, key=lambda member: member.score.total)[:_FINALISTS]
        found: list[Member] = []
        for seed, each in zip(count(2), cycle(best), strict=False):
            entry = _retimed(each)
            if each.epochs * entry.seconds_per_epoch > self._left():
                break
            found += self._trained([(entry, self._left(), each.epochs, seed)])
        return found

    def _left(self) -> float:
        return self.budget.left() - max(_MIN_RESERVE, _RESERVE * self.budget.seconds)

    def _trained(self, plans: Iterable[tuple[Entry, float, int, int]]) -> list[Member]:
        """Train entries for some seconds, at most so many epochs, with a seed; what fits."""
        members: list[Member] = []
        for entry, seconds, most, seed in plans:
            epochs = max(1, min(most, int(seconds / entry.seconds_per_epoch)))
            needed = not seed and all(each.encoder is None for each in members)
            if needed or epochs * entry.seconds_per_epoch <= self._left():
                members.append(self._member(entry, epochs, seed))
        return members

    def _member(self, entry: Entry, epochs: int, seed: int) -> Member:
        began = self.budget.clock()
        self.progress.trying(f"{entry.candidate.name}, {epochs} epochs")
        config = entry.config.model_copy(
            update={"epochs": epochs, "seed": entry.config.seed + seed}
        )
        encoder = self.trials.trained(config, self.split, entry.weights)
        member = self._measured(entry, epochs, encoder, began)
        self.progress.say(
            f"trained {entry.candidate.name}: EER {100 * member.score.eer:.1f} % of the "
            f"calibration part ({epochs} epochs, {member.seconds:.0f} s)"
        )
        return member

    def _frozen(self, entry: Entry) -> Member:
        began = self.budget.clock()
        self.progress.trying(entry.candidate.name)
        encoder = self.trials.trained(entry.config, self.split, entry.weights)
        return self._measured(entry, 0, encoder, began)

    def _measured(
        self, entry: Entry, epochs: int, encoder: nn.Module | None, began: float
    ) -> Member:
        embedded = None if encoder is None else self.trials.embedded(entry.config, encoder)
        found = FAILED if embedded is None else scores(embedded, self.split)
        seconds = self.budget.clock() - began
        return Member(entry, epochs, seconds, encoder, embedded, found)

    def _chosen(self, members: Sequence[Member]) -> Chosen:
        """Choose between the best network alone and some joined ones.

        Raises:
            DivergedError: Every training failed.
        """
        self.progress.trying("what to join")
        ranked = sorted(members, key=lambda member: member.score.total)
        if not ranked or ranked[0].encoder is None:
            raise DivergedError("every training failed, with each candidate; check the images")
        ripe = [each for each in ranked if _is_ripe(each, ranked) and can_join(each, self.config)]
        joined = best_joined(ripe, self.split)
        known = [each for each in ranked if each.encoder is not None]
        alone = [each for each in known if _is_ripe(each, known)]
        if joined is None or alone[0].score.total < joined.score.total:
            return _alone(alone[0], ranked)
        tried = tuple(each.tried(chosen=each in joined.members) for each in ranked)
        config = _with_choice(joined.config(self.config), joined.score.eer, tried)
        return Chosen(config, joined.weights, joined.network(), tried)


def _is_ripe(member: Member, members: Sequence[Member]) -> bool:
    """Check whether a network was trained for long enough to be compared with the longest."""
    return not member.epochs or _RIPE * member.epochs >= max(each.epochs for each in members)


def _retimed(member: Member) -> Entry:
    """Return the entry of a member, with the time that its epochs took."""
    return replace(member.entry, seconds_per_epoch=member.seconds / member.epochs)


def _alone(best: Member, ranked: Sequence[Member]) -> Chosen:
    tried = tuple(each.tried(chosen=each is best) for each in ranked)
    values = ["epochs=0", *whitening_setting(best_whitening(best.scores))]
    config = _with_choice(override(best.entry.config, values), best.score.eer, tried)
    network = best.encoder if best.epochs else None
    return Chosen(config, best.entry.weights, network, tried)


def _with_choice(config: TrainingConfig, error: float, tried: Sequence[Tried]) -> TrainingConfig:
    names = " + ".join(each.name for each in tried if each.chosen)
    others = ", ".join(f"{each.name} {100 * each.eer:.1f} %" for each in tried)
    how = (
        f"By the errors on the identities of the calibration part: {names}, with an EER of "
        f"{100 * error:.1f} % there. One by one: {others}."
    )
    return config.model_copy(
        update={"choice": Choice(by=ChosenBy.CALIBRATION, how=how, tried=tuple(tried))}
    )
