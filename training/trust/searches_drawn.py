"""Open-set identification by drawing galleries: enrol some people, and search for all.

A gallery has a template of each of N people, drawn at random among those who have images enough. A
probe of another one of these people is a false positive if it matches anybody (FPIR); one of
somebody who is in the gallery is a false negative if it does not match its own template (FNIR).
ISO/IEC 19795-1; NIST FRTE 1:N.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.manifest import Manifest, Metric, TemplateRule
from model.scoring import Energies, Vectors, energy, is_same
from model.templates import template, template_energy

Labels = NDArray[np.int64]
Numbers = NDArray[np.float64]
Matches = NDArray[np.bool_]

MAX_PROBES = 4
"""Images of a person that are searched for, drawn anew with each round of templates."""


@dataclass(frozen=True)
class Rounded:
    """One template of each person, and the energy of every probe with each.

    Attributes:
        people: Number of people who have a template.
        person: The person of each probe, (probes,), rising; from `people` on those without one.
        is_own: Whether a probe's image is part of its own person's template, (probes,).
        energies: Of each probe and template, (probes, people).
    """

    people: int
    person: Labels
    is_own: Matches
    energies: Energies


@dataclass(frozen=True)
class Drawn:
    """Rates of the galleries of one size at one threshold.

    Attributes:
        fpir: Of each gallery, (galleries,): people count alike, and so do the probes of each.
        misses: Share of the probes of each person that do not match the own template, (people,):
            over all rounds, of those who have another image than their template's.
    """

    fpir: Numbers
    misses: Numbers


@dataclass(frozen=True)
class Images:
    """Embedded images of people.

    Attributes:
        embeddings: (images, dim).
        labels: The person of each, (images,).
        metric: Of the embeddings.
        rule: By which several images make a template.
    """

    embeddings: Vectors
    labels: Labels
    metric: Metric
    rule: TemplateRule

    @property
    def people(self) -> int:
        """Number of people."""
        return len(np.unique(self.labels))

    def round(self, images: int, rng: np.random.Generator) -> Rounded:
        """Draw a template of so many images for each person who has them, and probes of all."""
        order = rng.permutation(len(self.labels))
        counts = np.bincount(np.unique(self.labels, return_inverse=True)[1])
        rank = np.empty(len(counts), dtype=np.int64)
        has = counts >= images
        rank[np.argsort(~has, kind="stable")] = np.arange(len(counts))
        person = rank[np.unique(self.labels, return_inverse=True)[1]][order]
        by_person = np.argsort(person, kind="stable")
        order, person = order[by_person], person[by_person]
        first = np.searchsorted(person, np.arange(len(counts)))
        place, people = np.arange(len(order)) - first[person], int(has.sum())
        members = order[first[:people, None] + np.arange(images)]
        probes = place < images + MAX_PROBES
        is_own = (place < images) & (person < people)
        found = self._energies(order[probes], members)
        return Rounded(people, person[probes], is_own[probes], found)

    def _energies(self, probes: Labels, members: Labels) -> Energies:
        """Energies of images with templates of the images `members`, (people, images)."""
        rows = self.embeddings
        if members.shape[1] == 1:
            stored = rows[members[:, 0]]
            return np.stack([energy(self.metric, stored, rows[probe]) for probe in probes])
        stored = template(self.rule, rows[members])
        sent = template(self.rule, rows[probes][:, None])
        return np.stack([template_energy(self.rule, self.metric, stored, row) for row in sent])


def rule_of(manifest: Manifest) -> TemplateRule:
    """Return the rule of a bundle for templates of several images; the mean without one."""
    return TemplateRule.MEAN if manifest.templates is None else manifest.templates.rule


def search_galleries(
    rounds: Sequence[Rounded], size: int, threshold: float, galleries: int, seed: int
) -> Drawn:
    """Draw galleries of `size` people, and search for everybody in each.

    Args:
        rounds: Templates, of which the galleries are drawn in turn.
        size: People in a gallery; fewer than have templates.
        threshold: At or below which a probe matches a template.
        galleries: Number of galleries.
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    matched = [is_same(each.energies, threshold) for each in rounds]
    rates = []
    for number in range(galleries):
        found, which = rounds[number % len(rounds)], matched[number % len(rounds)]
        enrolled = rng.choice(found.people, size, replace=False)
        strangers = (found.person < found.people) & ~np.isin(found.person, enrolled)
        positive = which[strangers][:, enrolled].any(axis=1)
        shares = _mean_of_people(found.person[strangers], np.asarray(positive))
        rates.append(float(shares.mean()))
    return Drawn(np.array(rates), _misses(rounds, matched))


def _misses(rounds: Sequence[Rounded], matched: Sequence[Matches]) -> Numbers:
    """Share of the probes of each person that do not match the own template, (people,)."""
    missed: list[Numbers] = []
    for found, which in zip(rounds, matched, strict=True):
        mated = np.flatnonzero(~found.is_own & (found.person < found.people))
        own = found.person[mated]
        missed.append(_mean_of_people(own, ~which[mated, own]))
    shares: Numbers = np.stack(missed).mean(axis=0)
    return shares


def _mean_of_people(person: Labels, values: Matches) -> Numbers:
    """Mean of each person's values, of those who have some."""
    counts = np.bincount(person)
    sums = np.bincount(person, values.astype(np.float64))
    means: Numbers = sums[counts > 0] / counts[counts > 0]
    return means
