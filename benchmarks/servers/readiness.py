"""Readiness of a server."""

import http.client
from contextlib import closing

_TIMEOUT_S = 5.0


def answers(host: str, port: int, path: str) -> bool:
    """Return whether a GET on a new connection is answered with 200."""
    with closing(http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
