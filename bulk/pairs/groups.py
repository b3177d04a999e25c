"""Groups of images: those that a chain of pairs connects."""

from __future__ import annotations

from dataclasses import dataclass

from bulk.pairs.search import Pairs


@dataclass(frozen=True)
class Group:
    """Images that pairs connect.

    Attributes:
        rows: The images, as rows, in order.
        pairs: Number of pairs among them; fewer than all, where some are connected by others alone.
        least: Smallest energy of its pairs.
        largest: Largest energy of its pairs.
    """

    rows: tuple[int, ...]
    pairs: int
    least: float
    largest: float


def connected(pairs: Pairs) -> list[Group]:
    """Return the groups of pairs, largest first, those of one size by their first row."""
    parent: dict[int, int] = {}
    lefts, rights = pairs.left.tolist(), pairs.right.tolist()
    for left, right in zip(lefts, rights, strict=True):
        one, other = _root(parent, left), _root(parent, right)
        parent[max(one, other)] = min(one, other)
    rows: dict[int, list[int]] = {}
    for row in sorted(parent):
        rows.setdefault(_root(parent, row), []).append(row)
    energies: dict[int, list[float]] = {}
    for left, value in zip(lefts, pairs.energies.tolist(), strict=True):
        energies.setdefault(_root(parent, left), []).append(value)
    groups = [_group(members, energies[first]) for first, members in rows.items()]
    return sorted(groups, key=lambda group: (-len(group.rows), group.rows[0]))


def _group(rows: list[int], energies: list[float]) -> Group:
    return Group(tuple(rows), len(energies), min(energies), max(energies))


def _root(parent: dict[int, int], row: int) -> int:
    """Return the first row of a row's group so far, and shorten the way to it."""
    parent.setdefault(row, row)
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row
