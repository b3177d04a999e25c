"""`python -m app.probe`: is the service of this container ready? For HEALTHCHECK, in place of curl.

Exit status: 0 where `GET /readyz` answers 200 within 2 seconds, 1 otherwise. It asks 127.0.0.1 at
`LIKEWISE_PORT`, or 8000, and reads no other setting.
"""

from __future__ import annotations

import http.client
import os
import sys
from contextlib import closing

_PATIENCE_S = 2


def ready(port: int) -> bool:
    """Ask the service on this machine whether it would answer requests."""
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)) as service:
            service.request("GET", "/readyz")
            return service.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if ready(int(os.environ.get("LIKEWISE_PORT", "8000"))) else 1)
