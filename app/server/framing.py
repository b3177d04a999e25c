"""Rules of HTTP/1.1's framing that the parser leaves to the server (RFC 9112).

The parser refuses bare line feeds, folded headers, two lengths, and a length beside chunks.
"""

from collections.abc import Sequence

MAX_EXCESS = 65_536
"""Maximum number of bytes of chunk sizes, extensions and trailers, beyond a quarter of the data."""
_SHARE = 4
_ENCODING = b"transfer-encoding"
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
    names: Sequence[bytes],
    version: str,
    *,
    is_upgrade: bool,
) -> str | None:
    """Return the reason to refuse a request's framing, or None.

    Args:
        headers: The request's headers.
        names: Their names, in lower case.
        version: The version of HTTP in the request line.
        is_upgrade: Whether the request asks for another protocol. Its body would be lost, since the
            parser takes it for that protocol.
    """
    if version not in _VERSIONS:
        return f"HTTP/{version} is not spoken here; send HTTP/1.1"
    hosts = names.count(b"host")
    if hosts != 1 and (hosts or version != "1.0"):
        return f"the request has {hosts or 'no'} Host headers; send one"
    is_chunked = _ENCODING in names
    if is_upgrade and (is_chunked or b"content-length" in names):
        return _OTHER_PROTOCOL
    return _encoding_fault(headers, version) if is_chunked else None


def _encoding_fault(headers: Sequence[tuple[bytes, bytes]], version: str) -> str | None:
    encodings = [value for name, value in headers if name == _ENCODING]
    if version == "1.0":
        return "HTTP/1.0 has no Transfer-Encoding; send Content-Length"
    if len(encodings) > 1 or encodings[0].lower() != b"chunked":
        return "the Transfer-Encoding is not `chunked` alone, and no other is read here"
    return None
