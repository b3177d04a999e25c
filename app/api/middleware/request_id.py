"""Request ids: the same id in the client's answer and in the log."""

import random
import re

from starlette.types import Scope

_HEADER = b"x-request-id"
_VALID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
"""Short, and unable to forge a log line or a header."""
_KEY = "request_id"


def assign(scope: Scope) -> str:
    """Assign an id to a request: the client's `X-Request-ID` if valid, else a new one."""
    identifier = _from_client(scope) or _new()
    scope.setdefault("state", {})[_KEY] = identifier
    return identifier


def header(identifier: str) -> tuple[bytes, bytes]:
    """Return the answer's header with the id."""
    return _HEADER, identifier.encode("ascii")


def request_id(scope: Scope) -> str:
    """Return the id of a request."""
    identifier: str = scope["state"][_KEY]
    return identifier


def _new() -> str:
    """Return a unique id of 128 random bits, which need not be secret.

    `os.urandom` would release the interpreter's lock, and with it a turn, each time.
    """
    return f"{random.getrandbits(128):032x}"


def _from_client(scope: Scope) -> str | None:
    """Return the client's id for the request, if it is valid."""
    for name, value in scope["headers"]:
        if name == _HEADER:
            return value.decode("ascii") if _VALID.fullmatch(value) else None
    return None
