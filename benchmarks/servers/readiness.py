"""Does a server answer yet?"""

from __future__ import annotations

import http.client
from contextlib import closing

_PATIENCE_S = 5.0


def answers(host: str, port: int, path: str) -> bool:
    """Whether a GET is answered with a 200, on a connection of its own."""
    with closing(http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
