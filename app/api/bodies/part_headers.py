"""Headers of a multipart body and of its parts: boundary, names and encodings (RFC 7578)."""

import re
from collections.abc import Sequence

from multipart import content_disposition_unquote, header_unquote

from app.errors import PartError, UnreadableBodyError

MAX_BOUNDARY_BYTES = 70
"""Maximum of RFC 2046."""

DISPOSITION = "Content-Disposition"
_ENCODING = "Content-Transfer-Encoding"
_DECISIVE = frozenset({"name", "boundary", "charset"})
"""Parameters of headers that are read; a file's name is not."""
_NO_ENCODINGS = frozenset({"7bit", "8bit", "binary"})
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "windows-1252"})
"""Charsets in which ASCII text is the same as in UTF-8."""
_NAMES_CHARSET = re.compile(r"text/.*;.*charset", re.IGNORECASE | re.DOTALL)
_USUAL_TYPE = re.compile(r"multipart/form-data; boundary=([-+.\w]{1,70})", re.ASCII)
_USUAL_DISPOSITION = re.compile(r'form-data; name="([^"\\%]+)"(?:; filename="[^"\\]*")?')
"""Nearly every client writes these two; anything else is split, which takes longer."""
_PARAMETER = re.compile(r';[ \t]*([^\s;="]+)=("(?:[^"\\]|\\.)*"|[^\s;"]*)[ \t]*')
"""Without blanks around `=`: other parsers leave such a parameter out (RFC 9110, section 5.6.6)."""


def part_name(dispositions: Sequence[str]) -> str:
    """Return the name in a part's one Content-Disposition.

    Raises:
        PartError: There are two, or there is no name in it.
        UnreadableBodyError: It cannot be read.
    """
    if len(dispositions) > 1:
        raise PartError("a part has two Content-Disposition headers; send one")
    disposition = "".join(dispositions)
    usual = _USUAL_DISPOSITION.fullmatch(disposition)
    if usual:
        return _text(usual[1].encode("latin-1"))
    kind, parameters = _split(DISPOSITION, disposition)
    name = content_disposition_unquote(parameters.get("name", ""))
    if kind != "form-data" or not name:
        raise PartError("a part has no name; each needs Content-Disposition: form-data; name=…")
    return _text(name.encode("latin-1"))


def check_encoding(part: str, headers: Sequence[tuple[str, str]]) -> None:
    """Check that a part's data is what it stands for: UTF-8 or bytes, without an encoding.

    Raises:
        PartError: It has a Content-Transfer-Encoding, or is text in another charset.
    """
    for name, text in headers:
        if name == _ENCODING and text.strip().lower() not in _NO_ENCODINGS:
            raise PartError(
                f"the part {part[:100]!r} is encoded as {text[:40]!r}; send its bytes as they are, "
                f"without {_ENCODING} (RFC 7578, section 4.7)"
            )
        if name == "Content-Type" and _NAMES_CHARSET.match(text):
            charset = header_unquote(_split(name, text)[1].get("charset", "utf-8")).strip().lower()
            if charset not in _CHARSETS:
                raise PartError(f"the part {part[:100]!r} is in {charset[:40]!r}; send UTF-8")


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a body's Content-Type names.

    Raises:
        UnreadableBodyError: It names none that can be used.
    """
    usual = _USUAL_TYPE.fullmatch(content_type)
    if usual:
        return usual[1].encode("latin-1")
    boundary = header_unquote(_split("Content-Type", content_type)[1].get("boundary", ""))
    if not boundary.strip() or not boundary.isprintable():
        raise UnreadableBodyError(
            "the Content-Type names no boundary; let your client library write this header"
        )
    if len(boundary) > MAX_BOUNDARY_BYTES:
        raise UnreadableBodyError(
            f"the boundary has more than the {MAX_BOUNDARY_BYTES} bytes that a boundary may have"
        )
    return bytes(boundary.encode("latin-1"))


def _split(name: str, header: str) -> tuple[str, dict[str, str]]:
    """Split a header into its value and its parameters, whose texts may be quoted.

    Raises:
        UnreadableBodyError: A parameter is there twice, or has no `name=text`.
    """
    value, semicolon, rest = header.partition(";")
    found = _PARAMETER.findall(semicolon + rest)
    parameters = {key.lower(): text for key, text in found}
    # With a `*` a name continues, or is encoded (RFC 2231), which RFC 7578 forbids.
    if any(key.partition("*")[0] in _DECISIVE and "*" in key for key in parameters):
        raise UnreadableBodyError(f"{name} has a name or boundary with `*`; send it without")
    if len(parameters) < len(found) or _PARAMETER.sub("", semicolon + rest).strip("; \t"):
        raise UnreadableBodyError(
            f"a parameter of {name} is there twice or cannot be read; a boundary or a name "
            "stands there once"
        )
    return value.strip().lower(), parameters


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PartError("the name of a part is not UTF-8 text") from error
