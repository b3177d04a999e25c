"""Candidates of a config that chooses how to train."""

from model.schema.fields import Frozen


class Candidate(Frozen):
    """A way to train: values in place of the config's, and the weights to start from.

    The values are those of `--set`, so that a choice can be trained again by a command.
    """

    name: str
    """Name in tables, a word or two."""
    settings: tuple[str, ...] = ()
    """Overrides, `key=value`: see `training.config.overrides`."""
    start: str | None = None
    """Shipped bundle whose weights it starts from; None for random weights."""
    for_few: bool = False
    """Try it after the others where identities are many: it needs many images of each."""
    preferred: bool = False
    """Take it, on images of its kind, unless another is better by more than a standard error: it
    was measured before, on identities of its own, and needs no training."""
