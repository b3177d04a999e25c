"""Comparison of rules for the energy of two templates, on the calibration part of a system.

Nothing of the test part is looked at, so that a rule may be chosen by these figures (decision 43).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.manifest import ErrorRates, Metric
from model.scoring import Energies, Vectors, energy
from model.templates import combined_energy
from training.errors import ConfigError, DataError
from training.evaluation.protocols.claimed_identity import negative_log_density, within_covariance
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer, PairComparer
from training.inference.template_comparer import pairwise_energies
from training.metrics.rates import RateTable, threshold_at_fmr
from training.metrics.template_trials import TemplateTrials, TrialBound, count_genuine, draw_trials

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
Rule = Callable[[TemplateTrials], Energies]
"""Energies of the comparisons, (comparisons,)."""

SIZES = ((1, 1), (1, 2), (1, 3), (1, 5), (2, 2), (3, 3), (5, 5))
TARGET = 0.01
_LEAST_SUBJECTS = 5
"""Subjects with a genuine comparison that a size needs."""
_BOUND = TrialBound(impostor=60_000)
_PAIR_BOUND = TrialBound(impostor=4_000, rounds=4, most_rounds=4)
_PRIOR_IMAGES = (0.5, 2.0)
"""Images that the mean of all subjects counts for in a shrunk mean."""
_TRAINED_IMAGES = 10
_SHRINKAGE = 0.8
"""Share of the common covariance in an enrolled subject's, as in the protocol claimed_identity."""


@dataclass(frozen=True)
class RuleFigures:
    """Error rates of one rule at the FMR of 1 % of the calibration people, by size.

    Attributes:
        rule: Its name.
        rates: By the numbers of images of the two sides.
    """

    rule: str
    rates: Mapping[tuple[int, int], ErrorRates]

    @property
    def mean_fnmr(self) -> float:
        """Mean FNMR over the sizes of more than one image."""
        found = [rates.fnmr for size, rates in self.rates.items() if size != (1, 1)]
        return float(np.mean(found))


def compare_rules(system: SystemUnderTest, images_per_identity: int) -> list[RuleFigures]:
    """Measure every rule on the calibration part of a system, all of a size on the same trials.

    Raises:
        DataError: Too few subjects have several images.
    """
    decoded = system.decode(system.calibrated.bounded(images_per_identity))
    labels = decoded.source.labels()
    sizes = [size for size in SIZES if count_genuine(labels, size) >= _LEAST_SUBJECTS]
    if len(sizes) < 2:  # noqa: PLR2004 (one image a side, and more)
        raise DataError(f"{decoded.source.name}: too few identities have several images")
    rules = _rules(system, decoded.pixels)
    is_pair = isinstance(system.comparer, PairComparer)
    trials = {size: draw_trials(labels, size, _PAIR_BOUND if is_pair else _BOUND) for size in sizes}
    return [RuleFigures(name, dict(_measure(rule, trials))) for name, rule in rules.items()]


def _measure(
    rule: Rule, trials: Mapping[tuple[int, int], TemplateTrials]
) -> Iterator[tuple[tuple[int, int], ErrorRates]]:
    for size, drawn in trials.items():
        pairs = drawn.pairs(rule(drawn))
        yield size, RateTable(pairs).rates(threshold_at_fmr(pairs.impostor, TARGET))


def _rules(system: SystemUnderTest, pixels: NDArray[np.uint8]) -> dict[str, Rule]:
    """Every rule of the system's kind, by name."""
    comparer = system.comparer
    if isinstance(comparer, PairComparer):
        return _energy_rules(partial(comparer.energies, pixels))
    if not isinstance(comparer, EmbeddingComparer):
        raise ConfigError("the system compares neither embeddings nor pairs")
    vectors, metric = comparer.embed(pixels), comparer.metric

    def pair_energies(left: Indices, right: Indices) -> Energies:
        return energy(metric, vectors[left], vectors[right])

    of_energies = _energy_rules(pair_energies)
    if metric is Metric.HAMMING:
        return _bit_rules(vectors) | of_energies
    return _mean_rules(vectors, metric) | of_energies | _density_rules(system, vectors)


def _energy_rules(compare: Callable[[Indices, Indices], Energies]) -> dict[str, Rule]:
    """Reductions of the energies of all pairs of images, (comparisons, n1, n2)."""
    both = (1, 2)
    reductions: dict[str, Callable[[Energies], NDArray[Any]]] = {
        "mean energy": lambda energies: energies.mean(axis=both),
        "minimum energy": partial(np.min, axis=both),
        "median energy": partial(np.median, axis=both),
        "trimmed mean energy": combined_energy,
    }

    def rule(reduce: Callable[[Energies], NDArray[Any]], drawn: TemplateTrials) -> Energies:
        return pairwise_energies(compare, drawn, reduce).astype(np.float32)

    return {name: partial(rule, reduce) for name, reduce in reductions.items()}


def _vector_rule(
    template: Callable[[Indices], Vectors], compare: Callable[[Vectors, Vectors], Energies]
) -> Rule:
    """The energy of two vectors, each made of one template."""

    def rule(drawn: TemplateTrials) -> Energies:
        lefts, rights = template(drawn.left), template(drawn.right)
        return drawn.energies(lambda one, other: compare(lefts[one], rights[other]))

    return rule


def _mean_rules(vectors: Vectors, metric: Metric) -> dict[str, Rule]:
    """Energies of mean embeddings."""
    centre = vectors.mean(axis=0)

    def mean(rows: Indices) -> Vectors:
        found: Vectors = vectors[rows].mean(axis=1)
        return found

    def unit_mean(rows: Indices) -> Vectors:
        found = mean(rows)
        unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit

    def shrunk_mean(prior: float, rows: Indices) -> Vectors:
        share = rows.shape[1] / (rows.shape[1] + prior)
        shrunk: Vectors = share * mean(rows) + (1 - share) * centre
        return shrunk

    distance = partial(energy, metric)
    rules = {"mean": _vector_rule(mean, distance)}
    if np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3):
        rules["mean, scaled to length 1"] = _vector_rule(unit_mean, distance)
    for prior in _PRIOR_IMAGES:
        template = partial(shrunk_mean, prior)
        rules[f"shrunk mean, prior of {prior:g} images"] = _vector_rule(template, distance)
    return rules


def _bit_rules(codes: Vectors) -> dict[str, Rule]:
    """Energies of the shares of ones in each bit."""
    bits = np.unpackbits(codes, axis=1).astype(np.float32)

    def share(rows: Indices) -> Vectors:
        found: Vectors = bits[rows].mean(axis=1)
        return found

    def majority(rows: Indices) -> Vectors:
        return (1 + np.sign(share(rows) - np.float32(0.5))) / 2  # A tie is half a bit.

    return {
        "majority bits": _vector_rule(majority, partial(energy, Metric.L1)),
        "shares of bits, difference": _vector_rule(share, partial(energy, Metric.L1)),
        "shares of bits, squared difference": _vector_rule(share, partial(energy, Metric.L2)),
    }


def _density_rules(system: SystemUnderTest, vectors: Vectors) -> dict[str, Rule]:
    """Negative log density of the left side's mean under a normal of the right side's subject.

    Chopra, Hadsell, LeCun 2005, section 4.3, with a covariance that is shrunk towards the one
    within the subjects of the training part. Between sides of equal numbers it is the mean of both
    directions.
    """
    values = vectors.astype(np.float64)
    within = within_covariance(*system.embed(system.trained.bounded(_TRAINED_IMAGES)))

    def one_way(shrinkage: float, probes: Indices, enrolled: Indices, pairs: Indices) -> Floats:
        costs = np.empty(len(pairs))
        means = values[probes].mean(axis=1)
        by_enrolled = np.argsort(pairs[:, 1], kind="stable")
        _, starts = np.unique(pairs[by_enrolled, 1], return_index=True)
        for rows in np.split(by_enrolled, starts[1:]):
            own = values[enrolled[pairs[rows[0], 1]]]
            share = 1.0 if len(own) == 1 else shrinkage
            of_own = np.repeat(own, 2, axis=0) if len(own) == 1 else own
            costs[rows] = negative_log_density(means[pairs[rows, 0]], of_own, within, share)
        return costs

    def rule(shrinkage: float, drawn: TemplateTrials) -> Energies:
        costs = one_way(shrinkage, drawn.left, drawn.right, drawn.compared)
        if drawn.left.shape[1] == drawn.right.shape[1]:
            costs += one_way(shrinkage, drawn.right, drawn.left, drawn.compared[:, ::-1])
        return costs.astype(np.float32)

    return {
        "claimed identity, common covariance": partial(rule, 1.0),
        "claimed identity, shrunk covariance": partial(rule, _SHRINKAGE),
    }
