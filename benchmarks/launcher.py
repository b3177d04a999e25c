"""The service with another event loop or another parser of HTTP, for the ablations.

python -m benchmarks.launcher asyncio h11
"""

from __future__ import annotations

import sys

import uvicorn

from app.logs import logging_config
from app.settings import read_settings

if __name__ == "__main__":
    settings = read_settings()
    uvicorn.run(
        "app.main:create_app_from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        loop=sys.argv[1],
        http=sys.argv[2],
        lifespan="on",
        server_header=False,
        log_config=logging_config(settings.log_level, settings.log_format),
    )
