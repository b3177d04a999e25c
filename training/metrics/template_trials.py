"""Seeded comparisons of templates: several images of one subject on each side."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.scoring import Energies
from training.metrics.pairs import PairEnergies, compared_pairs

Indices = NDArray[np.int64]

_TRIALS_AT_A_TIME = 8192


@dataclass(frozen=True)
class TrialBound:
    """Bounds of the comparisons of one size, and the seed of their draw.

    In each round every subject gives at most one template to either side, of images drawn anew.

    Attributes:
        impostor: Maximum number of impostor comparisons, in all rounds together.
        rounds: Number of rounds that are made in any case.
        most_rounds: Number of rounds that few subjects get, whose comparisons are few.
        seed: Seed of the draw.
    """

    impostor: int = 200_000
    rounds: int = 10
    most_rounds: int = 40
    seed: int = 0


@dataclass(frozen=True)
class TemplateTrials:
    """Templates of n1 and of n2 images, and the comparisons of one with the other.

    Attributes:
        left: Rows of the images of each template of n1 images, (templates, n1).
        left_subject: Its subject, (templates,).
        right: The same of n2 images, (templates, n2).
        right_subject: Its subject, (templates,).
        compared: Indices into `left` and `right` of each comparison, (comparisons, 2). The two
            templates of a comparison share no image.
    """

    left: Indices
    left_subject: Indices
    right: Indices
    right_subject: Indices
    compared: Indices

    def pairs(self, energies: Energies) -> PairEnergies:
        """Sort the comparisons' energies, (comparisons,), into genuine and impostor ones.

        The number of images is that of the different images in all templates.

        Raises:
            DataError: There is no genuine or no impostor comparison.
        """
        subjects = np.concatenate([self.left_subject, self.right_subject])
        one, other = self.compared.T
        images = len(np.union1d(self.left, self.right))
        found = compared_pairs(subjects, one, other + len(self.left), energies)
        return replace(found, images=images)

    def energies(self, compare: Callable[[Indices, Indices], Energies]) -> Energies:
        """Compute the energy of each comparison, (comparisons,), some thousands at a time.

        Args:
            compare: Energies, (n,), of templates by their indices into `left` and `right`, (n,).
        """
        starts = range(0, len(self.compared), _TRIALS_AT_A_TIME)
        parts = [self.compared[start : start + _TRIALS_AT_A_TIME] for start in starts]
        return np.concatenate([compare(*part.T) for part in parts])


def draw_trials(
    labels: Indices, size: tuple[int, int], bound: TrialBound | None = None
) -> TemplateTrials:
    """Draw templates of each subject, and compare them.

    A subject with n1 + n2 images or more gives one genuine comparison in each round, of two
    disjoint sets of its images. One with fewer gives a template to either side for which it has
    images enough, and impostor comparisons only.

    Args:
        labels: Each image's subject, (images,).
        size: Numbers of images n1 and n2 of the two sides, each at least 1.
        bound: Bounds of the draw; None for the usual ones.
    """
    bound = TrialBound() if bound is None else bound
    rng = np.random.default_rng([bound.seed, *size])
    images = [np.flatnonzero(labels == subject) for subject in np.unique(labels)]
    first = _draw_round(labels, images, size, rng)
    a_round = max(1, len(first.left) * len(first.right))
    rounds = min(max(bound.rounds, bound.impostor // a_round), bound.most_rounds)
    drawn = [first, *(_draw_round(labels, images, size, rng) for _ in range(rounds - 1))]
    return _join([_compare(templates, bound.impostor // rounds, rng) for templates in drawn])


def count_genuine(labels: Indices, size: tuple[int, int]) -> int:
    """Number of subjects with images enough for a genuine comparison of that size."""
    _, counts = np.unique(labels, return_counts=True)
    return int((counts >= sum(size)).sum())


def _draw_round(
    labels: Indices, images: list[Indices], size: tuple[int, int], rng: np.random.Generator
) -> TemplateTrials:
    """Draw one template of each subject and side, still without comparisons."""
    n1, n2 = size
    orders = [rng.permutation(rows) for rows in images]
    left = np.array([rows[:n1] for rows in orders if len(rows) >= n1], dtype=np.int64)
    right = np.array([rows[-n2:] for rows in orders if len(rows) >= n2], dtype=np.int64)
    left, right = left.reshape(-1, n1), right.reshape(-1, n2)
    none = np.empty((0, 2), dtype=np.int64)
    return TemplateTrials(left, labels[left[:, 0]], right, labels[right[:, 0]], none)


def _compare(drawn: TemplateTrials, impostors: int, rng: np.random.Generator) -> TemplateTrials:
    """Compare each subject's two templates, if disjoint, and templates of different subjects."""
    _, one, other = np.intersect1d(drawn.left_subject, drawn.right_subject, return_indices=True)
    shared = drawn.left[one, :, np.newaxis] == drawn.right[other, np.newaxis, :]
    genuine = np.stack([one, other], axis=1)[~shared.any(axis=(1, 2))]
    possible = len(drawn.left) * len(drawn.right)
    if possible <= impostors:
        codes = np.arange(possible)
    else:
        codes = np.sort(rng.choice(possible, impostors, replace=False))
    pairs = np.stack(np.divmod(codes, max(1, len(drawn.right))), axis=1)
    different = drawn.left_subject[pairs[:, 0]] != drawn.right_subject[pairs[:, 1]]
    return replace(drawn, compared=np.concatenate([genuine, pairs[different]]))


def _join(rounds: list[TemplateTrials]) -> TemplateTrials:
    """Join the rounds, whose templates are counted on from each to the next."""
    starts = np.cumsum([[0, 0], *([len(part.left), len(part.right)] for part in rounds)], axis=0)
    return TemplateTrials(
        left=np.concatenate([part.left for part in rounds]),
        left_subject=np.concatenate([part.left_subject for part in rounds]),
        right=np.concatenate([part.right for part in rounds]),
        right_subject=np.concatenate([part.right_subject for part in rounds]),
        compared=np.concatenate(
            [part.compared + start for part, start in zip(rounds, starts[:-1], strict=True)]
        ),
    )
