"""One header of a request, without the mapping that Starlette builds of all of them."""

from __future__ import annotations

from fastapi import Request


def header(request: Request, name: bytes) -> str | None:
    """The value of the first header of a name, which is given in small letters; None without."""
    for known, value in request.scope["headers"]:
        if known == name:
            text: str = value.decode("latin-1")
            return text
    return None
