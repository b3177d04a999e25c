"""One header of a request, without the mapping of all headers that Starlette builds."""

from fastapi import Request


def header(request: Request, name: bytes) -> str | None:
    """Return the first header with a lower-case name, or None."""
    for key, value in request.scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None
