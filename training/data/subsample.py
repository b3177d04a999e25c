"""Subsample of the images that are measured."""

from __future__ import annotations

from model.bundle import identity_digest
from training.data.image_set import ImageSet
from training.metrics.pairs import MAX_IMAGES


def bounded(images: ImageSet, per_identity: int) -> ImageSet:
    """Limit the images of each identity and in all; identities are dropped in order of digests."""
    few = images.of(images.identities, per_identity)
    if len(few) <= MAX_IMAGES:
        return few
    kept = sorted(few.identities, key=identity_digest)
    share = int(len(kept) * MAX_IMAGES / len(few) * 0.95)
    return few.of(kept[: max(2, share)])
