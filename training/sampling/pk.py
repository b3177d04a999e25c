"""P identities with K images each in a batch (Hermans, Beyer, Leibe 2017, section 2).

Losses that compare the images of a batch with each other need genuine and impostor pairs in it;
shuffled images of hundreds of identities would bring hardly a genuine one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.errors import ConfigError

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class IdentitiesByImages:
    """Draws batches of P identities with K images each, K together; each identity alike often.

    Attributes:
        per_identity: K. An identity with fewer images gives some of them twice.
        images: The fewest images in an epoch: a small data set is gone through several times.
    """

    per_identity: int
    images: int

    def __post_init__(self) -> None:
        if self.per_identity < 2 or self.images < 1:  # noqa: PLR2004 (a genuine pair)
            raise ValueError("per_identity must be at least 2, and images at least 1")

    def epoch(self, labels: Indices, batch_size: int, rng: np.random.Generator) -> Indices:
        """Draw one epoch.

        Args:
            labels: Each image's identity, shape (images,).
            batch_size: The most images in a batch; P is what goes into it, at least 2.
            rng: The epoch's own generator.

        Returns:
            Indices into the images, shape (steps, P × K).

        Raises:
            ConfigError: A batch that does not hold two identities, or more than there are.
        """
        order = np.argsort(labels, kind="stable")
        members = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
        identities = batch_size // self.per_identity
        if not 2 <= identities <= len(members):  # noqa: PLR2004 (an impostor pair)
            raise ConfigError(
                f"a batch of {batch_size} holds {identities} identities of {self.per_identity} "
                f"images; it needs at least 2, and at most the {len(members)} that there are: "
                "change batch_size or per_identity"
            )
        steps = max(1, max(len(labels), self.images) // (identities * self.per_identity))
        rows = [
            np.concatenate([self._some(members[i], rng) for i in chosen])
            for chosen in _in_turn(len(members), identities, steps, rng)
        ]
        return np.stack(rows)

    def _some(self, group: Indices, rng: np.random.Generator) -> Indices:
        """K images of one identity: different ones where it has as many."""
        return np.resize(rng.permutation(group), self.per_identity)


def _in_turn(count: int, size: int, steps: int, rng: np.random.Generator) -> Iterator[Indices]:
    """Different identities for each batch; all have had their turn before one comes again."""
    waiting = rng.permutation(count)
    for _ in range(steps):
        if len(waiting) < size:
            # Those still waiting go first; the new round's others follow, nobody twice in a batch.
            rest = rng.permutation(np.setdiff1d(np.arange(count), waiting))
            first = rest[: size - len(waiting)]
            yield np.concatenate([waiting, first])
            waiting = rng.permutation(np.setdiff1d(np.arange(count), first))
        else:
            yield waiting[:size]
            waiting = waiting[size:]


def build(per_identity: int = 4, images: int = 1) -> IdentitiesByImages:
    """The sampler `pk`."""
    return IdentitiesByImages(per_identity, images)
