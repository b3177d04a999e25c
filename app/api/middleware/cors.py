"""Which web pages may call from a browser: none, unless the operator names them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

_SENT = ("Accept", "Authorization", "Content-Type", "X-API-Key", "X-Request-ID")
_SHOWN = (
    "Retry-After",
    "WWW-Authenticate",
    "X-Model-Name",
    "X-Model-Version",
    "X-Model-SHA256",
    "X-Request-ID",
)


def install(app: FastAPI, origins: Sequence[str]) -> None:
    """Answer preflights and mark answers for these origins; nothing at all where there are none.

    It has to stand before the check of API keys: a browser sends no key with a preflight. Cookies
    are never asked for.
    """
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=_SENT,
            expose_headers=_SHOWN,
        )
