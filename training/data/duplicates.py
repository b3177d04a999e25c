"""Duplicate images of a data set, exact and near.

Near duplicates are the same picture at another size, of another compression or a little brighter.
They are found by a difference hash (64 signs of horizontal steps in a 9 × 8 thumbnail) and
confirmed by the correlation of 18 × 16 thumbnails, since line drawings share most of their signs.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet

MAX_BITS = 8
"""Maximum number of bits, of 64, in which the hashes of near duplicates differ."""
MIN_CORRELATION = 0.99
"""Minimum correlation of the thumbnails of near duplicates."""
MAX_COMPARED = 100_000
"""Maximum images searched for near duplicates: the search grows with their square."""
MAX_PAIRS = 100_000
"""Pairs after which the search stops: by then the fault of the data set is clear."""
_DEAD_ZONE = 2
"""Grey levels up to which a step is noise, so that flat areas get no sign."""
_BLOCK, _SLICE = 256, 65_536

Pairs = NDArray[np.int64]


def same_values(values: Sequence[str]) -> list[list[int]]:
    """Group the indices of equal values; groups of one are left out."""
    groups: dict[str, list[int]] = {}
    for index, value in enumerate(values):
        groups.setdefault(value, []).append(index)
    return [group for group in groups.values() if len(group) > 1]


def near_groups(thumbnails: NDArray[np.uint8]) -> list[list[int]]:
    """Group the indices of near duplicates: each is near to at least one other of its group.

    Of the thumbnails, uint8 (images, 16, 18), only the first `MAX_COMPARED` are compared.
    """
    pairs = near_pairs(thumbnails[:MAX_COMPARED])
    groups = DisjointSet(np.unique(pairs).tolist())
    for left, right in pairs.tolist():
        groups.merge(left, right)
    return [sorted(group) for group in groups.subsets()]


def near_pairs(thumbnails: NDArray[np.uint8]) -> Pairs:
    """Find pairs of near duplicates, about `MAX_PAIRS` at most: (pairs, 2), lower index first."""
    hashes, shapes = difference_hashes(thumbnails), _shapes(thumbnails)
    found: list[Pairs] = [np.empty((0, 2), dtype=np.int64)]
    for pairs in _candidates(hashes):
        correlation = np.einsum("ij,ij->i", shapes[pairs[:, 0]], shapes[pairs[:, 1]])
        found.append(pairs[correlation >= MIN_CORRELATION])
        if sum(map(len, found)) >= MAX_PAIRS:
            break
    return np.concatenate(found)


def difference_hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Difference hashes, uint64 (images,), of thumbnails, uint8 (images, 16, 18).

    One bit for each of 8 × 8 horizontal steps is set if the step darkens.
    """
    halved = thumbnails.astype(np.float32).reshape(-1, 8, 2, 9, 2).mean(axis=(2, 4))
    darkens = halved[:, :, :-1] - halved[:, :, 1:] > _DEAD_ZONE
    return np.packbits(darkens.reshape(-1, 64), axis=1).view(np.uint64).reshape(-1)


def _shapes(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Centre thumbnails and scale them to length 1; flat ones become zero and match nothing."""
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    centred = flat - flat.mean(axis=1, keepdims=True)
    shapes: NDArray[np.float32] = centred / np.maximum(
        np.linalg.norm(centred, axis=1, keepdims=True), flat.shape[1] ** 0.5
    )
    return shapes


def _candidates(hashes: NDArray[np.uint64]) -> Iterator[Pairs]:
    """Yield pairs whose hashes differ in few bits, in slices."""
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK, np.newaxis] ^ hashes[start:]
        rows, columns = np.nonzero(np.bitwise_count(block) <= MAX_BITS)
        later = columns > rows
        pairs = np.stack([rows[later], columns[later]], axis=1) + start
        for first in range(0, len(pairs), _SLICE):
            yield pairs[first : first + _SLICE]
