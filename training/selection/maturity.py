"""Maturity of networks: for how long one is trained at least, and how many a time is enough for.

A network that is given up early is one of few that are joined, and is compared with longer ones. It
is mature once it was shown each identity often enough: the more identities there are, the fewer
networks share the time.
"""

import math
from collections.abc import Sequence

from training.selection.member import Entry, Member

FINALISTS = 3
"""Maximum networks that share the time of a round for long trainings."""
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


def finalists_in(seconds: float, entries: Sequence[Entry]) -> int:
    """Return how many of the first entries become mature in equal parts of a time, one at least."""
    most = min(FINALISTS, len(entries))
    needed = (max(each.seconds_until_mature for each in entries[:n]) for n in range(1, most + 1))
    return max([1, *(n for n, each in enumerate(needed, 1) if n * each <= seconds)])


def fitting_in(seconds: float, entries: Sequence[Entry]) -> list[Entry]:
    """Return the first entries that become mature together in some seconds, one at least.

    They are trained for as many epochs as each other. A costly one that does not fit beside those
    before it is left out, and cheaper ones are not.
    """
    fitting: list[Entry] = []
    for entry in entries:
        together = [*fitting, entry]
        epochs = max(each.mature for each in together)
        needed = epochs * sum(each.seconds_per_epoch for each in together)
        if len(fitting) < FINALISTS and needed <= seconds:
            fitting = together
    return fitting or list(entries[:1])


def is_ripe(member: Member, members: Sequence[Member]) -> bool:
    """Check whether a network was trained for long enough to be compared with the longest."""
    return not member.epochs or _RIPE * member.epochs >= max(each.epochs for each in members)
