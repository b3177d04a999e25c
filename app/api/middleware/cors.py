"""CORS: no web page of another origin may call, unless the operator names its origin."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

_REQUEST_HEADERS = ("Accept", "Authorization", "Content-Type", "X-API-Key", "X-Request-ID")
_RESPONSE_HEADERS = (
    "Retry-After",
    "WWW-Authenticate",
    "X-Model-Name",
    "X-Model-Version",
    "X-Model-Precision",
    "X-Model-SHA256",
    "X-Threshold",
    "X-Domain-Status",
    "X-Domain-Out",
    "X-Withheld",
    "X-Request-ID",
)


def install(app: FastAPI, origins: Sequence[str]) -> None:
    """Answer preflights and mark answers for these origins; without origins do nothing.

    This middleware runs before the check of API keys: a browser sends no key with a preflight.
    Credentials (cookies) are not allowed.
    """
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PUT", "DELETE"),
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
        )
