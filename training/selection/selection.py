"""Training of several networks by the candidates of a config, and choice of those to join.

The first candidates, as many as there is time for, are trained for a short time, the best ones
again for a longer time, and what did best once more with other seeds until the time is over
(successive halving: Karnin, Koren, Somekh 2013). Where there is no time to try three, the first
ones are trained at once. Every network is trained on the training part, with a learning rate that
falls to 0, so that each is a whole result: none is thrown away, and the best ones are joined.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, count, cycle

from torch import nn

from training.config.overrides import override
from training.config.schema import TrainingConfig
from training.config.sections import Choice, ChosenBy, Tried
from training.data.split import DataSplit
from training.errors import DivergedError
from training.selection.budget import Budget
from training.selection.joining import Joined, best_joined, can_join
from training.selection.maturity import (
    FINALISTS,
    by_number_of_identities,
    finalists_in,
    is_ripe,
    mature_epochs,
    shares_of,
)
from training.selection.member import Entry, Member, best_whitening, whitening_setting
from training.selection.preference import is_as_good, is_of_its_kind
from training.selection.progress import ChoiceProgress
from training.selection.trial import FAILED, Epoch, Trials, scores
from training.transfer.pretrained import TrainedWeights

_FIRST = 0.25
"""Share of the time for the first round."""
_SECOND = 0.55
"""Share of the time for the second round."""
_TRIED = 3
"""Minimum candidates of a first round."""
_EPOCHS = (8, 20)
"""Maximum epochs in the first and the second round: then a network knows the identities by heart,
and another one beside it is worth more."""
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
        rough = self._first(trained)
        finalists = self._second(rough) if rough else self._at_once(trained)
        return self._chosen([*members, *rough, *finalists, *self._more(finalists)])

    def _timed(self, entries: Sequence[Entry]) -> list[Entry]:
        """Time an epoch of the first candidate of each network, input and sampler."""
        if entries:
            self.progress.trying("the number of threads")
            self.trials.settle_threads(entries[-1].config, self.split)
        known: dict[str, Epoch] = {}
        timed = []
        for entry in entries:
            network, spec = entry.config.network, entry.config.input
            sampler = entry.config.sampler.name
            key = f"{network.name} {network.options.get('widths')} {spec} {sampler}"
            if key not in known:
                self.progress.trying(entry.candidate.name)
                known[key] = self.trials.epoch(entry.config, self.split)
            timed.append(self._with_length(entry, known[key]))
        return by_number_of_identities(timed)

    def _with_length(self, entry: Entry, epoch: Epoch) -> Entry:
        mature = mature_epochs(len(self.split.train), epoch.images)
        return replace(entry, seconds_per_epoch=epoch.seconds, mature=mature)

    def _first(self, entries: Sequence[Entry]) -> list[Member]:
        """Train the first candidates, as many as there is time for, for as many epochs each."""
        whole = _FIRST * self.budget.seconds
        needed = accumulate(each.seconds_until_mature / 2 for each in entries)
        fitting = sum(seconds <= whole for seconds in needed)
        if fitting < max(1, min(_TRIED, len(entries))):
            return []
        share = whole / sum(each.seconds_per_epoch for each in entries[:fitting])
        return self._trained(
            (each, share * each.seconds_per_epoch, _EPOCHS[0], 0) for each in entries[:fitting]
        )

    def _second(self, members: Sequence[Member]) -> list[Member]:
        """Train the best candidates of the first round again, for longer."""
        left = self._left()
        whole = min(_SECOND * self.budget.seconds, left)
        best = [_retimed(each) for each in _ranked(members)]
        finalists = finalists_in(whole, best)
        if left - whole < best[0].seconds_until_mature:
            whole = left
        seconds = whole / finalists
        return self._trained((entry, seconds, _EPOCHS[1], 1) for entry in best[:finalists])

    def _at_once(self, entries: Sequence[Entry]) -> list[Member]:
        """Train the first candidates that there is time for, others in place of those that fail."""
        if not entries:
            return []
        shares = shares_of(self._left(), entries)
        fitting = [each for each in entries if each.candidate.name in shares]
        others = [each for each in entries if each.candidate.name not in shares]
        part = sum(shares.values()) / len(shares)
        plans = (
            (each, shares.get(each.candidate.name, part), _EPOCHS[1], 0)
            for each in [*fitting, *others]
        )
        return self._trained(plans, len(fitting))

    def _more(self, members: Sequence[Member]) -> list[Member]:
        """Train what did best with other seeds, while half of its epochs fit and make it mature."""
        best = [each for each in _ranked(members) if each.encoder is not None][:FINALISTS]
        found: list[Member] = []
        for seed, each in zip(count(2), cycle(best), strict=False):
            entry = _retimed(each)
            epochs = max(entry.mature, each.epochs / 2)
            if epochs * entry.seconds_per_epoch > self._left():
                break
            found += self._trained([(entry, self._left(), each.epochs, seed)])
        return found

    def _left(self) -> float:
        return self.budget.left() - max(_MIN_RESERVE, _RESERVE * self.budget.seconds)

    def _trained(
        self, plans: Iterable[tuple[Entry, float, int, int]], wanted: float = float("inf")
    ) -> list[Member]:
        """Train entries for some seconds, at most so many epochs, with a seed; what fits.

        One that fits no more is trained for fewer epochs, down to half of them. It ends with as
        many networks as are wanted, not counting those that failed.
        """
        members: list[Member] = []
        for entry, seconds, most, seed in plans:
            good = sum(each.encoder is not None for each in members)
            if good >= wanted:
                break
            planned = max(1, min(most, int(seconds / entry.seconds_per_epoch)))
            epochs = min(planned, int(self._left() / entry.seconds_per_epoch))
            needed = not seed and not good
            if needed or 2 * epochs >= planned:
                members.append(self._member(entry, max(1, epochs), seed))
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
        ranked = _ranked(members)
        if not ranked or ranked[0].encoder is None:
            raise DivergedError("every training failed, with each candidate; check the images")
        known = [each for each in ranked if each.encoder is not None]
        best = self._best(known)
        kin = [each for each in known if each.entry.candidate.preferred and is_of_its_kind(each)]
        best = next((each for each in kin if is_as_good(each, best, self.split)), best)
        if isinstance(best, Member):
            return _alone(best, ranked)
        tried = tuple(each.tried(chosen=each in best.members) for each in ranked)
        config = _with_choice(best.config(self.config), best.score.eer, tried)
        return Chosen(config, best.weights, best.network(), tried)

    def _best(self, ranked: Sequence[Member]) -> Member | Joined:
        """Join the best networks, unless one of them alone is clearly better."""
        alone = next(each for each in ranked if is_ripe(each, ranked))
        ripe = [each for each in ranked if is_ripe(each, ranked) and can_join(each, self.config)]
        joined = best_joined(ripe, self.split)
        return alone if joined is None or not is_as_good(joined, alone, self.split) else joined


def _ranked(members: Sequence[Member]) -> list[Member]:
    return sorted(members, key=lambda member: member.score.total)


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
