"""N-way K-shot classification by the nearest enrolled identity (Vinyals et al. 2016, section 4.1).

An episode draws N of the test identities, enrols K images of each, and classifies other images of
the N by the nearest enrolled image, or by the nearest mean embedding of an identity (Snell,
Swersky, Zemel 2017). Nothing is trained on the enrolled images.

The standard error is over the identities, since episodes draw from the same ones: an answer counts
for the identity of its query and for the one that it names. Turned forms of a sign are one identity
there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric
from model.scoring import Vectors, energy
from training.data.quarter_turns import unturned_labels, with_quarter_turns
from training.errors import DataError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest
from training.metrics.identity_error import error_over_identities

NEAREST, MEAN = "nearest", "mean"
MAX_EPISODES = 100_000


@dataclass(frozen=True, kw_only=True)
class FewShot:
    """Accuracy over random episodes.

    Attributes:
        ways: N, identities in an episode; at least 2.
        shots: K, enrolled images of each; at least 1.
        queries: Images of each that are classified; at least 1.
        episodes: Their number, from 2 to `MAX_EPISODES`.
        enrolled: `nearest` image or `mean` embedding of an identity.
        quarter_turns: Whether an image turned by a quarter is another identity's.
        of: Kind of the identities, for the name of the measured value.
        seed: Of the episodes.
    """

    ways: int = 20
    shots: int = 1
    queries: int = 5
    episodes: int = 1000
    enrolled: str = NEAREST
    quarter_turns: bool = False
    of: str = "test identities"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.ways < 2 or self.shots < 1 or self.queries < 1:  # noqa: PLR2004 (a choice)
            raise ValueError("an episode needs at least 2 ways, 1 shot and 1 query")
        if not 2 <= self.episodes <= MAX_EPISODES:  # noqa: PLR2004 (a standard error)
            raise ValueError(f"episodes must lie between 2 and {MAX_EPISODES:,}")
        if self.enrolled not in {NEAREST, MEAN}:
            raise ValueError(f"enrolled must be {NEAREST} or {MEAN}")

    @property
    def name(self) -> str:
        """Name of the measured value."""
        by = "" if self.enrolled == NEAREST else " by the mean embedding"
        return f"{self.ways}-way {self.shots}-shot accuracy{by}, {self.of}"

    def __call__(self, system: SystemUnderTest) -> tuple[MeasuredValue, ...]:
        """Measure a system.

        Raises:
            DataError: An image cannot be read, or too few identities have enough images.
        """
        images = with_quarter_turns(system.tested) if self.quarter_turns else system.tested
        embeddings, labels = system.embed(images)
        members = self._members(labels, system.images.name)
        rng = np.random.default_rng(self.seed)
        episodes = [
            self._episode(embeddings, members, system.metric, rng) for _ in range(self.episodes)
        ]
        asked, answered = np.concatenate(episodes, axis=1)
        right = asked == answered
        unturned = unturned_labels(images.identities)[labels[[rows[0] for rows in members]]]
        accuracy = MeasuredValue(
            name=self.name,
            value=float(right.mean()),
            standard_error=error_over_identities(right, unturned[asked], unturned[answered]),
            standard_error_over="identities",
            trials=len(right),
        )
        return (accuracy,)

    def _members(self, labels: NDArray[np.int64], data: str) -> list[NDArray[np.int64]]:
        """Return the rows of each identity that has enough images."""
        groups = [np.flatnonzero(labels == identity) for identity in np.unique(labels)]
        enough = [group for group in groups if len(group) >= self.shots + self.queries]
        if len(enough) < self.ways:
            raise DataError(
                f"{data}: {len(enough)} test identities have {self.shots + self.queries} images, "
                f"and {self.ways} are needed; lower ways, shots or queries"
            )
        return enough

    def _episode(
        self,
        embeddings: Vectors,
        members: list[NDArray[np.int64]],
        metric: Metric,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Identity of each query and of its answer in one episode, from 0, (2, queries)."""
        chosen = rng.choice(len(members), self.ways, replace=False)
        drawn = np.stack(
            [rng.choice(members[i], self.shots + self.queries, replace=False) for i in chosen]
        )
        enrolled = embeddings[drawn[:, : self.shots]]  # (ways, shots, dim)
        if self.enrolled == MEAN:
            enrolled = enrolled.mean(axis=1, keepdims=True)
        asked = embeddings[drawn[:, self.shots :]]  # (ways, queries, dim)
        energies = energy(metric, asked[:, :, None, None], enrolled[None, None])
        answers = energies.min(axis=-1).argmin(axis=-1)  # (ways, queries)
        own = np.broadcast_to(np.arange(self.ways)[:, None], answers.shape)
        return np.stack([chosen[own.ravel()], chosen[answers.ravel()]])


build = FewShot
