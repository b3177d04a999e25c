"""Media types of bodies and answers, and the errors for those that a call does not have."""

import re
from collections.abc import Sequence

from fastapi import Request

from app.api.bodies.header import header
from app.errors import NotAcceptableError, UnsupportedBodyError

_MAX_ACCEPT = 2_000
_WEIGHT = re.compile(r"[01]?(?:\.\d{0,9})?")
_NAMED = 3
"""How specific a media range without a `*` is."""


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


def answer_type(request: Request, *offered: str) -> str:
    """Return the media type of the answer: of those offered, the one that `Accept` prefers.

    Of two that it weighs the same (RFC 9110, section 12.5.1), one that it names precedes one that
    a `*` stands for; then the last precedes if both are named, else the first.

    Raises:
        NotAcceptableError: It accepts none of them.
    """
    sent = [value for name, value in request.scope["headers"] if name == b"accept"]
    if not sent or sent in ([b"*/*"], [offered[0].encode()]):  # Nearly every request.
        return offered[0]
    accepted = b",".join(sent).decode("latin-1").lower()
    if len(accepted) > _MAX_ACCEPT:
        raise NotAcceptableError(f"Accept has more than {_MAX_ACCEPT:,} characters; send fewer")
    ranges = [_weighed(entry) for entry in accepted.split(",")]
    best = offered[0]
    best_weight = 0.0, 0
    for kind in offered:
        weight = _weight(kind, ranges)
        if weight > best_weight or (weight == best_weight and weight[1] == _NAMED):
            best, best_weight = kind, weight
    if not best_weight[0]:
        raise NotAcceptableError(
            f"the answer is {' or '.join(offered)}, and Accept takes neither it nor */*"
        )
    return best


def _weighed(entry: str) -> tuple[str, float]:
    """Split an entry of `Accept` into its media range and its weight; 1 without a valid one."""
    kind, *parameters = (part.strip() for part in entry.split(";"))
    for parameter in parameters:
        name, _, text = parameter.partition("=")
        if name.strip() == "q" and _WEIGHT.fullmatch(text.strip()):
            return kind, float(text)
    return kind, 1.0


def _weight(kind: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """Return the weight that the most specific range gives a media type, and how specific it is."""
    family = kind.partition("/")[0]
    specific = {"*/*": 1, "*": 1, f"{family}/*": 2, kind: _NAMED}
    found = max(
        ((specific[range_], weight) for range_, weight in ranges if range_ in specific),
        default=(0, 0.0),
    )
    return found[1], found[0]
