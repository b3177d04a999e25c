"""Media types of bodies, and the 415 errors for types and encodings that a call does not take."""

from fastapi import Request

from app.api.bodies.header import header
from app.errors import UnsupportedBodyError


def media_type(request: Request) -> str:
    """Return the body's media type in lower case, without parameters; empty if there is none."""
    return (header(request, b"content-type") or "").partition(";")[0].strip().lower()


def unsupported(request: Request, wanted: str) -> UnsupportedBodyError:
    """Return the error for a body of a media type that the call does not take."""
    sent = media_type(request)[:100]
    reason = f"the body is of type {sent}" if sent else "the body's Content-Type is missing"
    return UnsupportedBodyError(f"{reason}; send {wanted}")


def refuse_compressed(request: Request) -> None:
    """Refuse a body with a Content-Encoding.

    Raises:
        UnsupportedBodyError: The body is compressed.
    """
    encoding = (header(request, b"content-encoding") or "identity").lower()
    if encoding != "identity":
        raise UnsupportedBodyError(
            f"the body is encoded as {encoding[:100]!r}; send it without Content-Encoding"
        )
