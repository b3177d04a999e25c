"""Maturity of networks: for how long one is trained, and how many a time is enough for.

A network that is given up early is one of few that are joined, and is compared with longer ones. It
is mature once it was shown each identity often enough: the more identities there are, the fewer
networks share the time. Two unlike ones share it before they are mature, since which one alone is
better for a folder is not known before (docs/decisions/0073).
"""

import math
from collections.abc import Sequence

from training.selection.member import Entry, Member

FINALISTS = 3
"""Maximum networks that share the time of a round for long trainings."""
_PAIR = 2
"""Networks that need not become mature in their share of it."""
_SHOWN = 80
"""Images of each identity that a mature network was shown, the same image as often as it was."""
_EPOCHS = (4, 20)
"""Minimum and maximum epochs of a mature network."""
_RIPE = 3
"""Largest ratio of the epochs of networks that are joined: of few identities a rough network is
the best one by chance."""


def mature_epochs(identities: int, images: int) -> int:
    """Return the epochs of a mature network, by the identities and the images of an epoch."""
    least, most = _EPOCHS
    return max(least, min(most, math.ceil(_SHOWN * identities / images)))


def by_number_of_identities(entries: Sequence[Entry]) -> list[Entry]:
    """Put candidates for few identities behind the others, where there are many."""
    return sorted(entries, key=lambda entry: entry.candidate.for_few and entry.mature > _EPOCHS[0])


def finalists_in(seconds: float, entries: Sequence[Entry]) -> int:
    """Return how many of the first entries can share a time equally, one at least."""
    shares = (
        max(_needed(entries[:count]) * each.seconds_per_epoch for each in entries[:count])
        for count in range(1, min(FINALISTS, len(entries)) + 1)
    )
    return max([1, *(count for count, each in enumerate(shares, 1) if count * each <= seconds)])


def shares_of(seconds: float, entries: Sequence[Entry]) -> dict[str, float]:
    """Share a time among the first entries that fit into it, one at least: seconds by name.

    A costly one that does not fit beside those before it is left out, and cheaper ones are not.
    Each has a few epochs, and an equal part of the time that is left.
    """
    fitting: list[Entry] = []
    for entry in entries:
        together = [*fitting, entry]
        needed = _needed(together) * sum(each.seconds_per_epoch for each in together)
        if len(fitting) < FINALISTS and needed <= seconds:
            fitting = together
    fitting = fitting or list(entries[:1])
    least = {each.candidate.name: _EPOCHS[0] * each.seconds_per_epoch for each in fitting}
    part = (seconds - sum(least.values())) / len(fitting)
    return {name: few + part for name, few in least.items()}


def is_ripe(member: Member, members: Sequence[Member]) -> bool:
    """Check whether a network was trained for long enough to be compared with the longest."""
    return not member.epochs or _RIPE * member.epochs >= max(each.epochs for each in members)


def _needed(together: Sequence[Entry]) -> int:
    """Return the epochs that each of some networks needs, if they share a time."""
    return _EPOCHS[0] if len(together) <= _PAIR else max(each.mature for each in together)
