"""Genuine and impostor pairs of some images, with their energies and subjects."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric, SampleSize
from model.scoring import Energies, Vectors, energy
from training.errors import DataError

Subjects = NDArray[np.int64]
Rows = NDArray[np.unsignedinteger]
Chosen = NDArray[np.bool_] | slice
MAX_IMAGES = 6000
"""Bounds the pairs to 18 million, whose energies and subjects take half a gigabyte."""


@dataclass(frozen=True)
class PairEnergies:
    """Unordered pairs of different images, all or a sample, sorted by rising energy.

    Attributes:
        images: Number of images.
        subjects: Number of subjects (identities).
        genuine: Energies of pairs of one subject, float32, (genuine pairs,).
        genuine_subject: The subject of each genuine pair, (genuine pairs,).
        impostor: Energies of pairs of two subjects, float32, (impostor pairs,).
        impostor_subjects: The two subjects of each impostor pair, (impostor pairs, 2).
        genuine_images: Rows of the two images of each genuine pair, (genuine pairs, 2); None for
            pairs of several measurements.
        impostor_images: Likewise of each impostor pair, (impostor pairs, 2).
    """

    images: int
    subjects: int
    genuine: Energies
    genuine_subject: Subjects
    impostor: Energies
    impostor_subjects: Subjects
    genuine_images: Rows | None = None
    impostor_images: Rows | None = None

    def take(self, genuine: Chosen, impostor: Chosen) -> "PairEnergies":
        """Select pairs of each kind, possibly none; subjects and images keep their numbers."""
        return replace(
            self,
            genuine=self.genuine[genuine],
            genuine_subject=self.genuine_subject[genuine],
            impostor=self.impostor[impostor],
            impostor_subjects=self.impostor_subjects[impostor],
            genuine_images=None if self.genuine_images is None else self.genuine_images[genuine],
            impostor_images=(
                None if self.impostor_images is None else self.impostor_images[impostor]
            ),
        )

    @property
    def sample(self) -> SampleSize:
        """Sample size, as a manifest states it."""
        return SampleSize(
            identities=self.subjects,
            images=self.images,
            genuine_pairs=len(self.genuine),
            impostor_pairs=len(self.impostor),
        )

    @property
    def are_all(self) -> bool:
        """True if these are all pairs of the images, not a sample."""
        return len(self.genuine) + len(self.impostor) == self.images * (self.images - 1) // 2

    @cached_property
    def all_energies(self) -> Energies:
        """Genuine energies, then impostor energies."""
        return np.concatenate([self.genuine, self.impostor])

    @cached_property
    def is_genuine(self) -> NDArray[np.bool_]:
        """Kind of each of `all_energies`: true for a genuine pair."""
        return np.arange(len(self.genuine) + len(self.impostor)) < len(self.genuine)


def all_pairs(
    embeddings: Vectors,
    labels: NDArray[np.int64],
    metric: Metric,
    listed: NDArray[np.int64] | None = None,
) -> PairEnergies:
    """Compare every two images, or only listed pairs.

    Args:
        embeddings: (images, dim).
        labels: Each image's subject, (images,).
        metric: Of the bundle.
        listed: Rows of the only pairs whose kind is known, (pairs, 2); None for all.

    Raises:
        DataError: Too many images to compare all, or no genuine or no impostor pair among them.
    """
    if len(embeddings) > MAX_IMAGES:
        raise DataError(
            f"{len(embeddings)} images make too many pairs; measure at most {MAX_IMAGES}"
        )
    if listed is None:
        left, right = np.triu_indices(len(embeddings), k=1)
        energies = np.concatenate(
            [energy(metric, embeddings[i], embeddings[i + 1 :]) for i in range(len(embeddings))]
        )
    else:
        left, right = listed.T
        energies = energy(metric, embeddings[left], embeddings[right])
    return compared_pairs(labels, left, right, energies)


def compared_pairs(
    labels: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    energies: Energies,
) -> PairEnergies:
    """Sort compared pairs into genuine and impostor ones.

    Args:
        labels: Each image's subject, (images,).
        left: Each pair's first image, (pairs,).
        right: Its second, (pairs,).
        energies: Of the pairs, (pairs,).

    Raises:
        DataError: There is no genuine or no impostor pair.
    """
    _, subject = np.unique(labels, return_inverse=True)
    same = subject[left] == subject[right]
    if not same.any() or same.all():
        raise DataError("error rates need both genuine and impostor pairs; there is only one kind")
    genuine, impostor = _rising(energies, same), _rising(energies, ~same)
    rows = np.min_scalar_type(len(labels))  # Two bytes for a row: the pairs may be millions.
    images = np.stack([left.astype(rows), right.astype(rows)], axis=1)
    return PairEnergies(
        images=len(labels),
        subjects=int(subject.max()) + 1,
        genuine=energies[genuine],
        genuine_subject=subject[left[genuine]],
        impostor=energies[impostor],
        impostor_subjects=np.stack([subject[left[impostor]], subject[right[impostor]]], axis=1),
        genuine_images=images[genuine],
        impostor_images=images[impostor],
    )


def pool(parts: Sequence[PairEnergies]) -> PairEnergies:
    """Pool the pairs of several measurements, which share no subject.

    Their energies must be of one scale, as from systems of one config.
    """
    subjects = np.cumsum([0, *(part.subjects for part in parts)])
    offset = list(zip(parts, subjects[:-1], strict=True))
    genuine = np.concatenate([part.genuine for part in parts])
    impostor = np.concatenate([part.impostor for part in parts])
    by_genuine, by_impostor = (np.argsort(e, kind="stable") for e in (genuine, impostor))
    return PairEnergies(
        images=sum(part.images for part in parts),
        subjects=int(subjects[-1]),
        genuine=genuine[by_genuine],
        genuine_subject=np.concatenate([p.genuine_subject + o for p, o in offset])[by_genuine],
        impostor=impostor[by_impostor],
        impostor_subjects=np.concatenate([p.impostor_subjects + o for p, o in offset])[by_impostor],
    )


def _rising(energies: Energies, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the indices of the chosen pairs, by rising energy."""
    indices = np.flatnonzero(chosen)
    order = np.argsort(energies[indices], kind="stable")
    return indices[order]
