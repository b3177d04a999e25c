"""`python -m app.server.healthcheck PORT`: the container's HEALTHCHECK, without curl.

The exit status is 0 if `GET /readyz` on 127.0.0.1 answers 200 within 2 seconds, 1 otherwise.
"""

import argparse
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
    parser = argparse.ArgumentParser(
        prog="python -m app.server.healthcheck",
        description="Exit with 0 if the service on this machine is ready, with 1 otherwise.",
    )
    parser.add_argument("port", type=int, help="the port that the service listens on")
    sys.exit(0 if ready(parser.parse_args().port) else 1)
