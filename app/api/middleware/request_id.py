"""A name for each request, by which a client's report and the log find each other."""

from __future__ import annotations

import random
import re

from starlette.types import Scope

_HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
"""Short, and unable to forge a log line or a header."""
_KEY = "request_id"


def give(scope: Scope) -> str:
    """Name a request: by the client's own `X-Request-ID` where it is sane, else anew."""
    identifier = _given(scope) or _new()
    scope.setdefault("state", {})[_KEY] = identifier
    return identifier


def header(identifier: str) -> tuple[bytes, bytes]:
    """The answer's header that tells the name."""
    return _HEADER, identifier.encode("ascii")


def request_id(scope: Scope) -> str:
    """The name that this request was given."""
    identifier: str = scope["state"][_KEY]
    return identifier


def _new() -> str:
    """A name that no other request has: 128 random bits; they guard nothing.

    Not by `os.urandom`, which gives up the interpreter's lock, and so a turn, each time.
    """
    return f"{random.getrandbits(128):032x}"


def _given(scope: Scope) -> str | None:
    """The client's own name for the request, where it is sane."""
    for name, value in scope["headers"]:
        if name == _HEADER:
            return value.decode("ascii") if _SANE.fullmatch(value) else None
    return None
