"""The composition root: settings in, application out."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from app.api import (
    compare,
    docs,
    embed,
    health,
    metrics,
    models,
    page,
    preview,
    problems,
    verify,
)
from app.api.middleware import api_key, cors
from app.api.middleware.direct_route import DirectCalls
from app.api.middleware.observability import Observability, Routes
from app.api.middleware.root_path import RootPath
from app.api.middleware.start_failure import StartFailure
from app.keys.ring import KeyRing
from app.settings import LogLevel, Settings, read_settings
from app.telemetry.logs import AccessLog
from app.telemetry.telemetry import Telemetry, running_telemetry
from app.telemetry.traces import Tracing, for_fastapi, otlp_tracing
from app.worker.background import ModelWatcher, run_background_tasks
from app.worker.service import Service, running_service
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

_DESCRIPTION = (
    "Do these two images show the same thing? An energy, a decision, and how often such a decision "
    "is wrong. Errors are RFC 9457 problems, `application/problem+json`."
)


def create_app(
    settings: Settings, worker_states: WorkerStates | None = None, tracing: Tracing | None = None
) -> FastAPI:
    """Build the application; its models are loaded when it starts, not before.

    Args:
        settings: Every choice that the service makes.
        worker_states: The states of all workers; None for a service of one process.
        tracing: Where traces go; None: as the settings say.
    """
    if tracing is None and settings.otlp_endpoint is not None:
        tracing = otlp_tracing(settings.otlp_endpoint, _version())
    keys = KeyRing(settings.api_keys_file) if settings.api_keys_file else None
    worker_states = worker_states or WorkerStates.alone()
    app = FastAPI(
        title="Likewise",
        summary="Same or different?",
        description=_DESCRIPTION,
        version=_version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        lifespan=partial(_running, settings, worker_states, keys, tracing),
        telemetry=for_fastapi(tracing),
    )
    app.state.service = None
    app.state.worker_states = worker_states
    app.state.telemetry = Telemetry()
    routers = [noun.router for noun in (verify, embed, compare, preview, models, health)]
    if settings.metrics:
        routers.append(metrics.router)
    for router in routers:
        app.include_router(router)
    docs.install(app)
    if settings.playground:
        page.install(app)
    if tracing is None:  # A trace takes its name from the router.
        app.add_middleware(DirectCalls, routers=routers)
    _surround(app, settings, keys, _routes(routers))
    return app


@asynccontextmanager
async def _running(
    settings: Settings,
    worker_states: WorkerStates,
    keys: KeyRing | None,
    tracing: Tracing | None,
    app: FastAPI,
) -> AsyncIterator[None]:
    """What the application holds while it runs; the models are loaded at its beginning."""
    if keys is not None:
        keys.load()
    changes = ModelWatcher(settings, worker_states)
    with (
        running_telemetry(settings, problems.TYPES, tracing) as telemetry,
        running_service(settings, telemetry) as service,
    ):
        app.state.telemetry = telemetry
        app.state.service = service
        logger.info(_where_to_look(service))
        try:
            async with run_background_tasks(
                service, worker_states, changes, partial(_publish, app)
            ):
                yield
        finally:
            app.state.service = None
            app.state.telemetry = Telemetry()


def _surround(app: FastAPI, settings: Settings, keys: KeyRing | None, routes: Routes) -> None:
    """Put around every call what is not its own affair; the last one added is the outermost."""
    if keys is not None:
        api_key.install(app, keys)
    problems.install(app)
    cors.install(app, settings.cors_origins)
    access = AccessLog(settings.log_format) if _logs_access(settings) else None
    app.add_middleware(Observability, routes=routes, log=access)
    if settings.root_path:
        app.add_middleware(RootPath, root_path=settings.root_path)
    app.add_middleware(StartFailure)


def create_app_from_environment() -> FastAPI:
    """The same, for uvicorn, whose workers each build their own."""
    return create_app(read_settings())


def _routes(routers: Sequence[APIRouter]) -> Routes:
    templates = [str(getattr(route, "path", "")) for router in routers for route in router.routes]
    return Routes([*templates, *docs.PATHS, *page.PATHS])


def _logs_access(settings: Settings) -> bool:
    return settings.access_log and settings.log_level in {LogLevel.DEBUG, LogLevel.INFO}


def refuse_requests(app: FastAPI) -> None:
    """Answer 503 to requests that begin from now on; those that have begun hold their service."""
    app.state.service = None


def _publish(app: FastAPI, service: Service) -> None:
    """Let new requests use a service, unless they are refused by now."""
    if app.state.service is not None:
        app.state.service = service


def _operation_id(route: APIRoute) -> str:
    """The endpoint's own name: what generators name a client's calls by."""
    return route.name


def _where_to_look(service: Service) -> str:
    settings = service.settings
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)  # noqa: S104 (shown, not bound)
    address = f"[{host}]" if ":" in host else host
    served = ", ".join(
        f"{name} {model.manifest.version} on {model.provider}"
        for name, model in service.catalog.served.items()
    )
    return (
        f"ready on http://{address}:{settings.port}/, docs at "
        f"http://{address}:{settings.port}/docs; default model {settings.default_model}; "
        f"serving {served}"
    )


def _version() -> str:
    try:
        return version("likewise")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0+unknown"
