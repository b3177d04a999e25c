"""`python -m app.server.openapi`: print the OpenAPI document without running the service.

The manual's reference is generated from it, and the client is tested against it.
"""

import argparse
import json
import sys

from app.main import create_app
from app.settings import Settings


def document() -> str:
    """Return the document of a service with every optional route."""
    return json.dumps(create_app(Settings()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m app.server.openapi", description="Print the OpenAPI document."
    ).parse_args()
    sys.stdout.write(document())
