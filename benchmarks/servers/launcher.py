"""The service with another event loop or HTTP parser, for the ablations.

python -m benchmarks.servers.launcher asyncio httptools

With `h11` its connections are those of uvicorn: the bounds of the service need httptools. A third
argument leaves a part out: `router` takes the way through FastAPI's router, and `unchecked` opens
all bundles as if they had no domain check. Any other leaves out nothing.
"""

import sys
from functools import partial

from app.api.middleware.direct_route import DirectCalls
from app.main import create_app, ready_message, refuse_requests
from app.server.server import Server, server_config
from app.settings import read_settings
from app.worker.worker_state import WorkerStates
from model.domain import Domain


def _no_domain(_: object) -> None:
    """Open no domain check of a bundle."""


if __name__ == "__main__":
    if "unchecked" in sys.argv[3:]:
        Domain.of = _no_domain  # type: ignore[method-assign,assignment]
    settings, worker_states = read_settings(), WorkerStates.alone()
    app = create_app(settings, worker_states)
    if "router" in sys.argv[3:]:
        direct: object = DirectCalls
        app.user_middleware = [each for each in app.user_middleware if each.cls is not direct]
    config = server_config(settings, app)
    config.loop = sys.argv[1]
    if sys.argv[2] != "httptools":
        config.http = sys.argv[2]
    Server(
        config,
        settings,
        worker_states,
        partial(refuse_requests, app),
        partial(ready_message, app),
    ).run()
