"""FNIR at any threshold, in which people count alike, with intervals over people.

FNIR is the share of probes whose own mate, one image, does not match (ISO/IEC 19795-1; NIST FRTE
1:N). All matches are returned, so that it does not depend on who else is in the gallery.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from training.metrics.intervals import TAIL, Z, wilson
from training.metrics.pairs import PairEnergies

Numbers = NDArray[np.float64]


class FnirTable:
    """FNIR of the people of some pairs, at any threshold.

    Args:
        pairs: Of which the genuine ones count; there is at least one.
    """

    def __init__(self, pairs: PairEnergies) -> None:
        self._genuine = pairs.genuine
        _, self._person = np.unique(pairs.genuine_subject, return_inverse=True)
        self._counts = np.bincount(self._person)

    def fnir(self, threshold: float) -> tuple[float, tuple[float, float]]:
        """Compute FNIR with its 95 % interval over people.

        A person's share is that of the pairs of his or her images that do not match. The interval
        is Wilson's, with Student's quantile, for as many independent people as have the variance of
        the mean share; where fewer than 5 % of the pairs are on one side, which do not show it, for
        the people themselves.
        """
        people = len(self._counts)
        missed = self._genuine.astype(np.float64) > threshold
        shares: Numbers = np.bincount(self._person, missed, people) / self._counts
        rate = min(1.0, float(shares.mean()))
        trials = float(people)
        if TAIL <= rate <= 1 - TAIL and people > 1:
            variance = float(shares.var(ddof=1)) / people
            trials = rate * (1 - rate) / variance if variance else trials
        factor = float(t.ppf(norm.cdf(Z), max(1, people - 1))) / Z
        low, high = wilson(rate, trials / factor**2)
        return rate, (min(low, rate), max(high, rate))
