"""JSON as RFC 8259 recommends to send it: UTF-8, and each name of an object once."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.errors import ParameterError, UnreadableBodyError


def load(body: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    """Parse a JSON text; a byte order mark before it is skipped.

    Raises:
        UnreadableBodyError: Not JSON, or not in UTF-8.
        ParameterError: An object has a name twice, so that one of its two values would be ignored.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise UnreadableBodyError("the body is not JSON in UTF-8; save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise UnreadableBodyError(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise UnreadableBodyError("the body is not JSON that is nested so deep") from error
    except ValueError as error:  # Python's limit on the digits of an integer
        raise UnreadableBodyError("the body has a number with too many digits") from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise ParameterError.of(counts.most_common(1)[0][0], "is there twice; give it once")
    return members
