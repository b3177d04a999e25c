"""`python -m app.server.healthcheck PORT`: the container's HEALTHCHECK, without curl.

The exit status is 0 if `GET /readyz` on 127.0.0.1 answers 200 within 2 seconds, 1 otherwise.
"""

import http.client
import sys
from contextlib import closing

_TIMEOUT_S = 2


def ready(port: int) -> bool:
    """Return whether the service on this machine is ready."""
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)) as service:
            service.request("GET", "/readyz")
            return service.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if ready(int(sys.argv[1])) else 1)
