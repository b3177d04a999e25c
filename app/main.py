"""The composition root: settings in, application out."""

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
from app.api.galleries import identities, neighbours, routes, search
from app.api.middleware import api_key, cors
from app.api.middleware.direct_route import DirectCalls
from app.api.middleware.observability import Observability, Routes
from app.api.middleware.root_path import RootPath
from app.api.middleware.single_headers import SingleHeaders
from app.api.middleware.start_failure import StartFailure
from app.catalog.catalog import Served
from app.keys.ring import KeyRing
from app.settings import LogLevel, Settings
from app.telemetry.logs import AccessLog
from app.telemetry.telemetry import Telemetry, running_telemetry
from app.telemetry.traces import Tracing, for_fastapi, otlp_tracing
from app.worker.background import ModelWatcher, run_background_tasks
from app.worker.blocking_calls import BlockingCalls
from app.worker.measured_catalog import Loaded
from app.worker.service import Service, load_models, running_service
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

_DESCRIPTION = (
    "Do these two images show the same thing? An energy, a decision, and how often such a decision "
    "is wrong. Errors are RFC 9457 problems, `application/problem+json`."
)


def create_app(
    settings: Settings, worker_states: WorkerStates | None = None, tracing: Tracing | None = None
) -> FastAPI:
    """Build the application, which loads its models when it starts.

    Args:
        settings: The service's settings.
        worker_states: The states of all workers; None for a service of one process.
        tracing: The destination of traces; None to follow the settings.
    """
    if tracing is None and settings.otlp_endpoint is not None:
        tracing = otlp_tracing(settings.otlp_endpoint, service_version())
    keys = KeyRing(settings.api_keys_file) if settings.api_keys_file else None
    worker_states = worker_states or WorkerStates.alone()
    app = FastAPI(
        title="Likewise",
        summary="Same or different?",
        description=_DESCRIPTION,
        version=service_version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        lifespan=partial(_lifespan, settings, worker_states, keys, tracing),
        telemetry=for_fastapi(tracing),
    )
    app.state.service = None
    app.state.worker_states = worker_states
    app.state.telemetry = Telemetry()
    of_galleries = (routes, identities, neighbours, search)
    nouns = (verify, embed, compare, preview, *of_galleries, models, health)
    routers = [noun.router for noun in nouns]
    if settings.metrics:
        routers.append(metrics.router)
    for router in routers:
        app.include_router(router)
    docs.install(app)
    if settings.playground:
        page.install(app)
    if tracing is None:  # The router names the span of a request.
        app.add_middleware(DirectCalls, routers=routers)
    _add_middleware(app, settings, worker_states.label, keys, _routes(routers))
    return app


@asynccontextmanager
async def _lifespan(
    settings: Settings,
    worker_states: WorkerStates,
    keys: KeyRing | None,
    tracing: Tracing | None,
    app: FastAPI,
) -> AsyncIterator[None]:
    """Load the models and start the worker; stop it on exit."""
    calls = BlockingCalls(settings.start_timeout_s)
    watcher, loaded = await calls.run("the start", partial(_load, settings, worker_states, keys))
    with (
        running_telemetry(settings, problems.TYPES, tracing) as telemetry,
        running_service(settings, telemetry, loaded) as service,
    ):
        app.state.telemetry = telemetry
        app.state.service = service
        try:
            async with run_background_tasks(
                service, worker_states, watcher, partial(_publish, app)
            ):
                yield
        finally:
            app.state.service = None
            app.state.telemetry = Telemetry()


def _load(
    settings: Settings, worker_states: WorkerStates, keys: KeyRing | None
) -> tuple[ModelWatcher, Loaded]:
    """Read the keys and the models; what may change is looked at before it is read."""
    if keys is not None:
        keys.load()
    return ModelWatcher(settings, worker_states), load_models(settings)


def _add_middleware(
    app: FastAPI,
    settings: Settings,
    worker: int | None,
    keys: KeyRing | None,
    routes: Routes,
) -> None:
    """Add the middleware, innermost first."""
    if keys is not None:
        api_key.install(app, keys)
    problems.install(app)
    app.add_middleware(SingleHeaders)
    cors.install(app, settings.cors_origins)
    access = AccessLog(settings.log_format, worker=worker) if _logs_access(settings) else None
    app.add_middleware(Observability, routes=routes, log=access)
    if settings.root_path:
        app.add_middleware(RootPath, root_path=settings.root_path)
    app.add_middleware(StartFailure)


def _routes(routers: Sequence[APIRouter]) -> Routes:
    templates = [str(getattr(route, "path", "")) for router in routers for route in router.routes]
    return Routes([*templates, *docs.PATHS, *page.PATHS])


def _logs_access(settings: Settings) -> bool:
    return settings.access_log and settings.log_level in {LogLevel.DEBUG, LogLevel.INFO}


def refuse_requests(app: FastAPI) -> None:
    """Answer 503 to new requests; those that have begun keep their service."""
    app.state.service = None


def _publish(app: FastAPI, service: Service) -> None:
    """Use a service for new requests, unless they are refused already."""
    if app.state.service is not None:
        app.state.service = service


def _operation_id(route: APIRoute) -> str:
    """Name of the endpoint, by which generated clients name their calls."""
    return route.name


def ready_message(app: FastAPI) -> str:
    """Say where the service answers, and with which models; for a service that has started."""
    service: Service = app.state.service
    settings = service.settings
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)  # noqa: S104 (shown, not bound)
    address = f"[{host}]" if ":" in host else host
    served = ", ".join(
        f"{name} {model.manifest.version} on {model.provider}{_precision(model)}"
        for name, model in service.catalog.served.items()
    )
    return (
        f"ready on http://{address}:{settings.port}/, docs at "
        f"http://{address}:{settings.port}/docs; default model {settings.default_model}; "
        f"serving {served}"
    )


def _precision(model: Served) -> str:
    precision = model.manifest.onnx.precision
    return "" if precision is None else f" in {precision}"


def service_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("likewise")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0+unknown"
