"""The keys file: a line for each key, its name, the SHA-256 of the key, and its scopes.

    # comments and empty lines are ignored
    shop-2026   3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b
    enrolment   9b74c9897bac770ffc029102a200c5de66e2a2f9c8a1b8d3a5b6f0c7d8e9f0a1   read,write

A line without scopes has `read`.

The key itself is stored nowhere. It is 256 random bits, so a plain hash is enough: a key cannot be
guessed, and a slow hash would cost each request what it costs an attacker.
"""

import hashlib
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import KeysError
from app.keys.scopes import DEFAULT, Scope, parse_scopes, scopes_text
from model.errors import FileError
from model.files import read_file

MAX_KEYS = 256
MAX_FILE_BYTES = 64_000
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Short, and unable to forge a log line."""
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_PREFIX = "likewise_"
"""Prefix that scanners recognise if a key leaks into a repository or a log."""
_KEY_BYTES = 32
_HINT = "`python -m app.keys NAME` writes such a line"


@dataclass(frozen=True)
class KeyEntry:
    """Name, SHA-256 (32 bytes) and scopes of one key."""

    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[Scope] = field(default=DEFAULT, repr=False)

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            KeysError: The name is invalid.
        """
        if not _NAME.fullmatch(self.name):
            raise KeysError("a key's name has 1 to 64 letters, digits and the signs . _ -")

    @property
    def line(self) -> str:
        """The line of the key in the keys file."""
        line = f"{self.name} {self.digest.hex()}"
        return line if self.scopes == DEFAULT else f"{line} {scopes_text(self.scopes)}"


def digest_of(key: bytes) -> bytes:
    """Return the SHA-256 of a key, 32 bytes."""
    return hashlib.sha256(key).digest()


def make_key(name: str, scopes: frozenset[Scope] = DEFAULT) -> tuple[str, KeyEntry]:
    """Make a key from 256 random bits.

    Returns:
        The key, which cannot be shown again, and its entry.

    Raises:
        KeysError: The name is invalid.
    """
    key = _PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    return key, KeyEntry(name, digest_of(key.encode()), scopes)


def read_keys(path: Path) -> tuple[KeyEntry, ...]:
    """Read a keys file; raises as `read_keys_file` and `parse_keys`."""
    return parse_keys(path, read_keys_file(path))


def read_keys_file(path: Path) -> bytes:
    """Read the content of a keys file.

    Raises:
        KeysError: It cannot be read, is no regular file, or has more than `MAX_FILE_BYTES`.
    """
    try:
        return read_file(path, MAX_FILE_BYTES)
    except FileError as error:
        raise KeysError(f"the keys file {error}") from error


def parse_keys(path: Path, content: bytes) -> tuple[KeyEntry, ...]:
    """Read the keys from a file's content; 1 to `MAX_KEYS` keys, no name and no hash twice.

    Raises:
        KeysError: The content is no text, or a line is invalid. The message does not repeat the
            line, since a key pasted there by mistake would end up in the log.
    """
    entries: dict[str, KeyEntry] = {}
    digests: set[bytes] = set()
    for number, line in enumerate(_decoded(path, content).splitlines(), start=1):
        text = line.partition("#")[0].split()
        if text:
            entry = _entry(path, number, text)
            if entry.name in entries or entry.digest in digests:
                raise KeysError(f"{path}, line {number}: the same name or hash is there before")
            entries[entry.name] = entry
            digests.add(entry.digest)
    if not 0 < len(entries) <= MAX_KEYS:
        raise KeysError(f"{path} holds {len(entries)} keys; it takes 1 to {MAX_KEYS}. {_HINT}")
    return tuple(entries.values())


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise KeysError(f"the keys file {path} is not UTF-8 text") from error


def _entry(path: Path, number: int, text: list[str]) -> KeyEntry:
    name, digest, scopes, *more = (*text, "", "")[: max(3, len(text))]
    if _NAME.fullmatch(name) and _DIGEST.fullmatch(digest) and not more:
        with suppress(KeysError):
            chosen = parse_scopes(scopes) if scopes else DEFAULT
            return KeyEntry(name, bytes.fromhex(digest), chosen)
    raise KeysError(
        f"{path}, line {number}: not a name and 64 hexadecimal digits, with or without scopes "
        f"(some of {scopes_text(Scope)}). {_HINT}"
    )
