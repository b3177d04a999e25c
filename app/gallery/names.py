"""Names of galleries and identities, which callers choose."""

import re
import unicodedata

from app.errors import ParameterError

MAX_NAME = 128
"""Characters of an identity's name."""
_GALLERY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SIGNS = frozenset(" ._-@:+'(),")


def check_gallery_name(name: str) -> str:
    """Return the name of a gallery.

    Raises:
        ParameterError: It is not 1 to 64 letters, digits and the signs . _ -, the first of which
            is a letter or a digit.
    """
    if not _GALLERY.fullmatch(name):
        message = "1 to 64 of A-Z, a-z, 0-9 and the signs . _ -, the first a letter or a digit"
        raise ParameterError.of("gallery", message)
    return name


def check_identity_name(name: str) -> str:
    """Return the name of an identity in Unicode's composed form (NFC), as it is stored.

    Letters and digits of any script are taken. No control character, no sign that reverses the
    direction of text and no slash is, so that a name can stand in a line of the log and in a path.

    Raises:
        ParameterError: It is not 1 to `MAX_NAME` such characters, or begins or ends with a blank or
            is `.` or `..`.
    """
    composed = unicodedata.normalize("NFC", name[: 4 * MAX_NAME])
    known = all(sign in _SIGNS or sign.isalnum() or _is_mark(sign) for sign in composed)
    blank = composed != composed.strip() or composed in {".", ".."}
    if not 1 <= len(composed) <= MAX_NAME or len(name) > 4 * MAX_NAME or not known or blank:
        signs = " ".join(sorted(_SIGNS - {" "}))
        message = (
            f"1 to {MAX_NAME} letters, digits, blanks and the signs {signs}; no blank at an end, "
            "and neither . nor .."
        )
        raise ParameterError.of("identity", message)
    return composed


def _is_mark(sign: str) -> bool:
    """Return whether a character is a vowel sign or an accent, as many scripts need."""
    return unicodedata.category(sign) in {"Mn", "Mc"}
