"""Scopes of an API key: the calls that it allows."""

import re
from collections.abc import Iterable
from enum import StrEnum

from app.errors import KeysError


class Scope(StrEnum):
    """A kind of calls."""

    READ = "read"
    """Decisions, embeddings, searches and lists: all that changes nothing."""
    WRITE = "write"
    """Galleries made and exchanged, identities enrolled, stored templates read."""
    ERASE = "erase"
    """Identities and galleries erased."""


_SWAP = re.compile(r"/galleries/[^/]+/swap")

DEFAULT = frozenset({Scope.READ})
"""Scopes of a line that names none, as all lines did before there was anything to write."""


def parse_scopes(text: str) -> frozenset[Scope]:
    """Return the scopes in a text, `read,write`.

    Raises:
        KeysError: One of them is unknown.
    """
    names = text.split(",")
    known = {scope.value: scope for scope in Scope}
    if not set(names) <= set(known):
        raise KeysError(f"the scopes of a key are some of {', '.join(known)}, with commas")
    return frozenset(known[name] for name in names)


def scopes_text(scopes: Iterable[Scope]) -> str:
    """Return scopes as in the keys file."""
    return ",".join(scope.value for scope in Scope if scope in set(scopes))


def scope_of(method: str, path: str) -> Scope:
    """Return the scope that a call needs.

    Args:
        method: Of HTTP.
        path: Below the prefix of a gateway.
    """
    if not path.startswith("/galleries"):
        return Scope.READ
    if method == "DELETE":
        return Scope.ERASE
    if method == "PUT" or _SWAP.fullmatch(path):
        return Scope.WRITE
    return Scope.READ
