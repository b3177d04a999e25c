"""Preference of one result to another: by standard errors, not by the lowest score alone.

Of ten calibration identities one of two results that are equally good is often better by chance.
The one that is simpler or surer by itself is therefore kept, unless the other one is better by
more than a standard error of the difference (the one-standard-error rule: Breiman et al. 1984).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.split import DataSplit
from training.selection.joining import Joined
from training.selection.member import Member, best_whitening
from training.selection.trial import held_out, score

_KIN = 0.15
"""Greatest EER of a shipped encoder on images of its kind; those on other kinds begin at 0.2."""


def is_of_its_kind(frozen: Member) -> bool:
    """Check by all identities that are measured whether a folder is of an encoder's kind.

    A frozen encoder was trained on none of them, so the training part counts too.
    """
    if frozen.embedded is None:
        return False
    vectors, images = frozen.embedded
    return score(vectors, images.labels()).eer <= _KIN


def is_as_good(kept: Member | Joined, other: Member | Joined, split: DataSplit) -> bool:
    """Check whether a result is worse than another by a standard error at most."""
    difference = _Difference.of(kept, other, split)
    return difference.value <= difference.standard_error


@dataclass(frozen=True)
class _Difference:
    """Difference of two scores, and its standard error over identities (delete-one jackknife)."""

    value: float
    standard_error: float

    @classmethod
    def of(cls, one: Member | Joined, other: Member | Joined, split: DataSplit) -> "_Difference":
        (first, labels), (second, _) = (_measured(each, split) for each in (one, other))
        without = []
        for identity in np.unique(labels):
            kept = labels != identity
            scored = [score(vectors[kept], labels[kept]).total for vectors in (first, second)]
            without.append(scored[0] - scored[1])
        spread = np.var(without) * (len(without) - 1)
        return cls(one.score.total - other.score.total, float(np.sqrt(spread)))


def _measured(
    result: Member | Joined, split: DataSplit
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    if result.embedded is None:
        raise ValueError("a training that failed has no embeddings to compare")
    return held_out(result.embedded, split, best_whitening(result.scores))
