"""P identities with K images each in a batch (Hermans, Beyer, Leibe 2017, section 2).

Losses that compare the images of a batch with each other need genuine and impostor pairs in it;
among shuffled images of hundreds of identities hardly a pair is genuine.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.errors import ConfigError
from training.sampling._batches import Indices


@dataclass(frozen=True)
class IdentitiesByImages:
    """The sampler `pk`: the K images of an identity together, each identity equally often.

    Attributes:
        per_identity: K; images are repeated for an identity with fewer.
        images: Minimum images in an epoch: a small data set is repeated.
        fill: Where there are fewer identities than a batch holds, take more images of each.

    Raises:
        ValueError: A number that is too small.
    """

    per_identity: int = 4
    images: int = 1
    fill: bool = False

    def __post_init__(self) -> None:
        if self.per_identity < 2 or self.images < 1:  # noqa: PLR2004 (a genuine pair)
            raise ValueError("per_identity must be at least 2, and images at least 1")

    def epoch(self, labels: Indices, batch_size: int, rng: np.random.Generator) -> Indices:
        """Draw one epoch, (steps, P × K); the batch size decides P, at least 2.

        Raises:
            ConfigError: A batch that does not hold two identities, or more than there are.
        """
        order = np.argsort(labels, kind="stable")
        members = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
        per_identity, identities = self._sizes(batch_size, len(members))
        if not 2 <= identities <= len(members):  # noqa: PLR2004 (an impostor pair)
            raise ConfigError(
                f"a batch of {batch_size} holds {identities} identities of {self.per_identity} "
                f"images; it needs at least 2, and at most the {len(members)} that there are: "
                "change batch_size or per_identity"
            )
        steps = max(1, max(len(labels), self.images) // (identities * per_identity))
        rows = [
            np.concatenate([_draw(members[i], per_identity, rng) for i in chosen])
            for chosen in _rounds(len(members), identities, steps, rng)
        ]
        return np.stack(rows)

    def _sizes(self, batch_size: int, known: int) -> tuple[int, int]:
        """Return K and P for a batch, of so many known identities."""
        identities = batch_size // self.per_identity
        if self.fill and known < identities:
            return batch_size // known, known
        return self.per_identity, identities


def _draw(group: Indices, images: int, rng: np.random.Generator) -> Indices:
    """Draw images of one identity, different ones if it has as many."""
    return np.resize(rng.permutation(group), images)


def _rounds(count: int, size: int, steps: int, rng: np.random.Generator) -> Iterator[Indices]:
    """Draw different identities for each batch; all are drawn before one is drawn again."""
    waiting = rng.permutation(count)
    for _ in range(steps):
        if len(waiting) < size:
            # The rest of this round first, then others of the next, none twice in a batch.
            rest = rng.permutation(np.setdiff1d(np.arange(count), waiting))
            first = rest[: size - len(waiting)]
            yield np.concatenate([waiting, first])
            waiting = rng.permutation(np.setdiff1d(np.arange(count), first))
        else:
            yield waiting[:size]
            waiting = waiting[size:]


build = IdentitiesByImages
