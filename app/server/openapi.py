"""`python -m app.server.openapi`: the OpenAPI document, without a service that runs.

The manual's reference is generated from it, and the client is tested against it.
"""

from __future__ import annotations

import json
import sys

from app.main import create_app
from app.settings import Settings


def document() -> str:
    """The document of a service with all that it can have."""
    return json.dumps(create_app(Settings()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
