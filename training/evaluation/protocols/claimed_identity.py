"""Verification against a claimed identity, as Chopra, Hadsell, LeCun 2005, section 4.3.

Some images of each test subject are enrolled: their embeddings give one multivariate normal
density. An image that claims to be a subject is accepted where that density, against a constant
likelihood of impostors, exceeds a threshold; the constant only shifts that threshold.

A handful of embeddings cannot give a covariance of 50 × 50. Each subject's is therefore shrunk
towards that of all training subjects about their own means; how far is an option.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest
from training.metrics.rates import fnmr_at_fmr

FMRS = (0.1, 0.075, 0.05)
"""Targets of the paper's table."""
_RIDGE = 1e-3
"""Share of the mean variance, added so that a dead unit leaves the covariance invertible."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class ClaimedIdentity:
    """FNMR of claims at the paper's FMRs.

    Attributes:
        enrolled: Number of images, the first by name, that each subject's density is made from.
        shrinkage: The share of the training subjects' covariance in each subject's.
    """

    enrolled: int = 5
    shrinkage: float = 0.8

    def __post_init__(self) -> None:
        if self.enrolled < 2 or not 0 < self.shrinkage <= 1:  # noqa: PLR2004 (a variance needs two)
            raise ValueError("enrolled must be 2 or more, and shrinkage in (0, 1]")

    def __call__(self, system: SystemUnderTest) -> Iterator[MeasuredValue]:
        """Measure the claims of every test image that is not enrolled to be each test subject.

        Raises:
            DataError: A test subject has no image beside the enrolled ones.
        """
        within = within_covariance(*system.embed(system.trained))
        embeddings, labels = system.embed(system.tested)
        genuine, impostor = self._claims(embeddings.astype(np.float64), labels, within)
        for fmr in FMRS:
            yield MeasuredValue(
                name=f"claimed identity: FNMR at FMR {100 * fmr:g} %",
                value=fnmr_at_fmr(genuine, impostor, fmr),
                trials=len(genuine),
            )

    def _claims(
        self, embeddings: Matrix, labels: NDArray[np.int64], within: Matrix
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return negative log densities of genuine and of impostor claims, rising."""
        subjects = np.unique(labels)
        images = [np.flatnonzero(labels == subject) for subject in subjects]
        if min(map(len, images)) <= self.enrolled:
            raise DataError(f"each test subject needs more than {self.enrolled} images")
        enrolled = [rows[: self.enrolled] for rows in images]
        probe = ~np.isin(np.arange(len(labels)), enrolled)
        costs = np.column_stack(
            [
                negative_log_density(embeddings[probe], embeddings[rows], within, self.shrinkage)
                for rows in enrolled
            ]
        ).astype(np.float32)
        own = labels[probe][:, np.newaxis] == subjects
        return np.sort(costs[own]), np.sort(costs[~own])


def within_covariance(embeddings: NDArray[np.generic], labels: NDArray[np.int64]) -> Matrix:
    """Covariance of embeddings about their own subjects' means, (dim, dim)."""
    values = embeddings.astype(np.float64)
    for subject in np.unique(labels):
        values[labels == subject] -= values[labels == subject].mean(axis=0)
    freedom = max(1, len(values) - len(np.unique(labels)))
    covariance: Matrix = values.T @ values / freedom
    ridge: Matrix = _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return covariance + ridge


def negative_log_density(
    probes: Matrix, enrolled: Matrix, within: Matrix, shrinkage: float
) -> NDArray[np.float64]:
    """Negative log of an enrolled subject's normal density at each probe, up to a constant, (n,).

    Args:
        probes: (n, dim).
        enrolled: The subject's embeddings, (m, dim).
        within: The training subjects' covariance, (dim, dim).
        shrinkage: Its share in the subject's.
    """
    covariance = (1 - shrinkage) * np.cov(enrolled, rowvar=False) + shrinkage * within
    offsets = probes - enrolled.mean(axis=0)
    mahalanobis = np.einsum("nd,nd->n", offsets, np.linalg.solve(covariance, offsets.T).T)
    cost: NDArray[np.float64] = (mahalanobis + np.linalg.slogdet(covariance)[1]) / 2
    return cost


build = ClaimedIdentity
