"""Rules of HTTP/1.1's framing that the parser leaves to the server (RFC 9112).

The parser refuses bare line feeds, folded headers, two lengths, and a length beside chunks.
"""

from collections.abc import Sequence

MAX_EXCESS = 65_536
"""Maximum number of bytes of chunk sizes, extensions and trailers, beyond a quarter of the data."""
_SHARE = 4
_VERSIONS = ("1.1", "1.0")
_OTHER_PROTOCOL = (
    "the request asks for another protocol and has a body; this service speaks HTTP/1.1 only: send "
    "it without `Upgrade` (clients call that HTTP/1.1, or no h2c)"
)


class ChunkFraming:
    """Counter of the bytes around the data of a chunked body.

    Each chunk costs a call, and a trailer is kept until its end; neither has a limit of its own.
    The data earns credit for a quarter of its size, as in Go's `net/http`: chunks of 24 bytes or
    more may follow each other without end, and trailers have at most 64 KiB.
    """

    __slots__ = ("_excess", "data")

    def __init__(self) -> None:
        self._excess = 0
        self.data = 0
        """Bytes of data in the current piece."""

    def is_too_large(self, piece: int) -> bool:
        """Count a piece of the connection, and return whether the framing is too large.

        Args:
            piece: The size of the piece, of which `data` bytes were data.
        """
        excess = self._excess + piece - self.data - self.data // _SHARE
        self._excess, self.data = max(0, excess), 0
        return self._excess > MAX_EXCESS


def fault_of(
    headers: Sequence[tuple[bytes, bytes]],
    encodings: Sequence[bytes],
    version: str,
    *,
    is_upgrade: bool,
) -> str | None:
    """Return the reason to refuse a request's framing, or None.

    Args:
        headers: The request's headers, with names in lower case.
        encodings: The values of those named `transfer-encoding`.
        version: The version of HTTP in the request line.
        is_upgrade: Whether the request asks for another protocol. Its body would be lost, since the
            parser takes it for that protocol.
    """
    if version not in _VERSIONS:
        return f"HTTP/{version} is not spoken here; send HTTP/1.1"
    if is_upgrade and (encodings or any(name == b"content-length" for name, _ in headers)):
        return _OTHER_PROTOCOL
    if not encodings:
        return None
    if version == "1.0":
        return "HTTP/1.0 has no Transfer-Encoding; send Content-Length"
    if len(encodings) > 1 or encodings[0].lower() != b"chunked":
        return "the Transfer-Encoding is not `chunked` alone, and no other is read here"
    return None
