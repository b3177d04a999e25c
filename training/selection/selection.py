"""Successive halving over the candidates of a config (Karnin, Koren, Somekh 2013).

All candidates are trained for the same short time, the best ones again for a longer time, and the
best of those is trained for the rest of the minutes. Each trial is a whole training with a falling
learning rate: a longer one that is cut off ranks candidates by how fast they begin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from training.config.candidates import Candidate
from training.config.overrides import keys_of, override
from training.config.schema import TrainingConfig
from training.config.sections import Choice, ChosenBy, Tried
from training.data.split import DataSplit
from training.selection.budget import Budget
from training.selection.progress import ChoiceProgress
from training.selection.trial import Errors, Trials
from training.transfer.pretrained import TrainedWeights

_SHARES = (0.2, 0.2)
"""Shares of the time for the first and for the second round."""
_FINALISTS = 3
_MIN_SECONDS = 6.0
"""Minimum time of a trial, for which folds are given up."""
_PATIENCE = 5
"""Minimum patience of the last training; a half of its epochs, of which the first are rough."""


@dataclass(frozen=True)
class Entry:
    """A candidate in the race, with its config, its weights, and what was measured of it."""

    candidate: Candidate
    config: TrainingConfig
    weights: TrainedWeights | None
    seconds_per_epoch: float = 0.0
    errors: tuple[Errors, ...] = ()
    epochs: int = 0
    seconds: float = 0.0

    @property
    def is_frozen(self) -> bool:
        """True where nothing but whitening is computed."""
        return self.config.optimisation.epochs == 0

    @property
    def best(self) -> tuple[float, float | None]:
        """Lowest mean EER over the folds, and its shrinkage of whitening."""
        means = {key: fmean(errors[key] for errors in self.errors) for key in self.errors[0]}
        shrinkage = min(means, key=lambda key: means[key])
        return means[shrinkage], shrinkage

    def tried(self, *, chosen: bool) -> Tried:
        """Return its line of the table."""
        error, shrinkage = self.best
        return Tried(
            name=self.candidate.name,
            settings=(*self.candidate.settings, *_whitening(shrinkage)),
            start=self.candidate.start,
            eer=error,
            folds=len(self.errors),
            epochs=self.epochs,
            seconds=round(self.seconds, 1),
            chosen=chosen,
        )


@dataclass(frozen=True)
class Selection:
    """Choice among some entries, within a time.

    Attributes:
        trials: Trains and measures.
        folds: The folds of the identities, the split of the final training first.
        budget: Time for the choice and the training after it.
        progress: Shows each trial.
    """

    trials: Trials
    folds: Sequence[DataSplit]
    budget: Budget
    progress: ChoiceProgress

    def run(self, entries: Sequence[Entry]) -> list[Entry]:
        """Try the entries in two rounds; returns them, the best one first."""
        if trained := [entry for entry in entries if not entry.is_frozen]:
            self.progress.trying("the number of threads", 1, 1)
            self.trials.settle_threads(trained[-1].config, self.folds[0])
        timed = [self._timed(entry) for entry in entries]
        first = self._round(timed, _SHARES[0] * self.budget.seconds)
        best, others = first[:_FINALISTS], first[_FINALISTS:]
        return self._round(best, _SHARES[1] * self.budget.seconds) + others

    def _timed(self, entry: Entry) -> Entry:
        self.progress.trying(entry.candidate.name, 1, 1)
        if entry.is_frozen:
            return entry
        seconds = self.trials.seconds_per_epoch(entry.config, self.folds[0])
        return replace(entry, seconds_per_epoch=seconds)

    def _round(self, entries: Sequence[Entry], seconds: float) -> list[Entry]:
        """Try some entries for the same time each; returns them, the best one first."""
        trained = sum(not entry.is_frozen for entry in entries)
        folds = self.folds[: max(1, int(seconds / _MIN_SECONDS / max(1, trained)))]
        share = seconds / max(1, trained) / len(folds)
        tried = [self._tried(entry, folds, share) for entry in entries]
        return sorted(tried, key=lambda entry: entry.best[0])

    def _tried(self, entry: Entry, folds: Sequence[DataSplit], seconds: float) -> Entry:
        began = self.budget.clock()
        config, epochs = entry.config, 0
        if not entry.is_frozen:
            epochs = max(1, int(seconds / entry.seconds_per_epoch))
            config = config.model_copy(update={"epochs": epochs})
        errors = []
        for number, fold in enumerate(folds, start=1):
            self.progress.trying(entry.candidate.name, number, len(folds))
            errors.append(self.trials.errors(config, fold, entry.weights))
        took = self.budget.clock() - began
        tried = replace(entry, errors=tuple(errors), epochs=epochs, seconds=entry.seconds + took)
        if epochs:
            tried = replace(tried, seconds_per_epoch=took / epochs / len(folds))
        self.progress.say(
            f"tried {entry.candidate.name}: EER {100 * tried.best[0]:.1f} % "
            f"({epochs} epochs on each of {len(folds)} folds, {took:.0f} s)"
        )
        return tried

    def final_config(self, ranked: Sequence[Entry]) -> TrainingConfig:
        """Return the config of the best entry, for the time that is left."""
        best = ranked[0]
        values = list(_whitening(best.best[1]))
        if not best.is_frozen:
            epochs = int(self.budget.left() / best.seconds_per_epoch)
            epochs = max(1, min(best.candidate.max_epochs, epochs))
            values += [f"epochs={epochs}", f"patience={max(_PATIENCE, epochs // 2)}"]
        config = override(best.config, values)
        tried = tuple(entry.tried(chosen=entry is best) for entry in ranked)
        return config.model_copy(
            update={"choice": Choice(by=ChosenBy.CALIBRATION, how=_sentence(tried), tried=tried)}
        )


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


def _whitening(shrinkage: float | None) -> tuple[str, ...]:
    return () if shrinkage is None else (f"whitening={shrinkage}",)


def _sentence(tried: Sequence[Tried]) -> str:
    listed = ", ".join(f"{each.name} {100 * each.eer:.1f} %" for each in tried)
    folds = max(each.folds for each in tried)
    return (
        f"By the mean EER of identities held out of training in {folds} folds of the training and "
        f"calibration part: {listed}."
    )
