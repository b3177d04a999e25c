"""Measurement of the identification rates of a bundle on galleries of its test people."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.errors import IdentificationError
from model.identification import choose_for_gallery, error_of_gallery
from model.manifest import Manifest
from model.scoring import Choice, choose
from training.metrics.identification.fpir import FpirTable
from training.metrics.identification.searches import Searches
from training.metrics.intervals import Z
from training.trust.halves import agree, halves, rate_of
from training.trust.open_set_record import Cell, Measured
from training.trust.searches_drawn import Drawn, Images, Rounded, search_galleries

SIZES = (10, 100, 500, 1000)
"""Sizes of galleries."""
IMAGES = (1, 2, 3, 5)
"""Numbers of images of a template."""
TARGETS = (None, 0.1, 0.05, 0.01)
"""Target FPIRs, None for the default threshold."""
_LEAST_STRANGERS = 30
"""People who are left to search for outside of a gallery."""
_Place = tuple[int, float | None]


@dataclass(frozen=True)
class Draws:
    """Numbers of draws.

    Attributes:
        rounds: Templates that are drawn of each person.
        galleries: Galleries that are drawn of each size.
        splits: Divisions of the people in halves.
        seed: Of them all.
    """

    rounds: int
    galleries: int
    splits: int
    seed: int


class OpenSet:
    """The identification rates of a bundle beside those of galleries that are drawn.

    Args:
        manifest: The bundle's.
        images: Test images, embedded by it.
        draws: Numbers of draws.
    """

    def __init__(self, manifest: Manifest, images: Images, draws: Draws) -> None:
        self._manifest, self._images, self._draws = manifest, images, draws

    def cells(self) -> Iterator[Cell]:
        """Measure every size of gallery at every threshold, for each number of images."""
        for count in IMAGES:
            rng = np.random.default_rng([self._draws.seed, count])
            rounds = [self._images.round(count, rng) for _ in range(self._draws.rounds)]
            strangers = len(np.unique(rounds[0].person))
            sizes = [
                size
                for size in SIZES
                if size <= rounds[0].people - 2 and size <= strangers - _LEAST_STRANGERS
            ]
            searches = _as_searches(rounds[0])
            apart = self._halves(searches, sizes) if count == 1 else {}
            for size in sizes:
                yield from self._of_size(rounds, FpirTable(searches, size), apart)

    def _of_size(
        self,
        rounds: list[Rounded],
        table: FpirTable,
        apart: dict[_Place, list[tuple[bool, bool]]],
    ) -> Iterator[Cell]:
        for target in TARGETS:
            choice = self._choice(table.size, target)
            if choice is None:
                continue
            drawn = search_galleries(
                rounds, table.size, choice.threshold, self._draws.galleries, self._draws.seed
            )
            images = int(rounds[0].is_own[rounds[0].person == 0].sum())
            quoted_fpir, quoted_fnir, fnmr = self._quoted(table.size, images, choice)
            both = apart.get((table.size, target))
            yield Cell(
                gallery_size=table.size,
                images=images,
                target_fpir=target,
                threshold=choice.threshold,
                fpir=_around(float(drawn.fpir.mean()), table.fpir(choice.threshold).interval),
                range=_range(drawn),
                fnir=_over_people(drawn),
                quoted_fpir=quoted_fpir,
                quoted_fnir=quoted_fnir,
                fnmr=fnmr,
                halves=None if both is None else float(np.mean([each for each, _ in both])),
                inside=None if both is None else float(np.mean([each for _, each in both])),
            )

    def _choice(self, size: int, target: float | None) -> Choice | None:
        """Return the threshold of a target as the service chooses it; None if unsupported."""
        if target is None:
            return choose(self._manifest.calibration, self._manifest.accuracy)
        try:
            return choose_for_gallery(self._manifest, size, target)
        except IdentificationError:
            return None

    def _quoted(self, size: int, images: int, choice: Choice) -> tuple[Measured | None, ...]:
        """Return FPIR, FNIR and FNMR as the service quotes them: for one image a side alone."""
        found = error_of_gallery(self._manifest, size, choice)
        if images > 1 or found is None or choice.rates is None:
            return None, None, None
        fpir = Measured(rate=found.fpir, interval=found.fpir_interval)
        fnmr = Measured(rate=choice.rates.fnmr, interval=choice.rates.fnmr_interval)
        if found.fnir is None or found.fnir_interval is None:
            return fpir, fnmr, fnmr
        return fpir, Measured(rate=found.fnir, interval=found.fnir_interval), fnmr

    def _halves(
        self, searches: Searches, sizes: list[int]
    ) -> dict[_Place, list[tuple[bool, bool]]]:
        """Compare both halves of the people: whether they agree, and whether one holds the other.

        The thresholds are those of the bundle, chosen on other people than either half.
        """
        within = tuple(size for size in sizes if size <= searches.people // 2 - 2)
        found = defaultdict(list)
        for one, other in halves(searches, within, self._draws.splits, self._draws.seed):
            for target in TARGETS:
                choice = self._choice(one.size, target)
                if choice is None:
                    continue
                quoted, real = (rate_of(each.fpir(choice.threshold)) for each in (one, other))
                low, high = quoted[1]
                found[one.size, target].append((agree(quoted, real), low <= real[0] <= high))
        return dict(found)


def _as_searches(found: Rounded) -> Searches:
    """Return the searches among those who have a template, as the quoted rates are made of them."""
    known = found.person < found.people
    person, energies = found.person[known], found.energies[known].astype(np.float32)
    energies[np.arange(len(person)), person] = np.inf
    return Searches(person, energies)


def _around(rate: float, interval: tuple[float, float]) -> Measured:
    low, high = interval
    return Measured(rate=rate, interval=(min(low, rate), max(high, rate)))


def _range(drawn: Drawn) -> tuple[float, float]:
    low, high = np.quantile(drawn.fpir, [0.025, 0.975])
    return float(low), float(high)


def _over_people(drawn: Drawn) -> Measured:
    """Return FNIR, in which people count alike."""
    rate = float(drawn.misses.mean())
    half = Z * float(drawn.misses.std(ddof=1)) / math.sqrt(len(drawn.misses))
    return Measured(rate=rate, interval=(max(0.0, rate - half), min(1.0, rate + half)))
