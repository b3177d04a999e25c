"""GET /livez and /readyz: liveness of the process, readiness of all workers."""

from fastapi import APIRouter, Request

from app import errors
from app.api import examples, problem_types
from app.api.dispatch import Running
from app.api.schemas.service import Health
from app.worker.worker_state import WorkerStates

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Is the process alive?", responses=examples.answered("/livez"))
async def livez() -> Health:
    """Answer, and do nothing else: whoever asks restarts the process when no answer comes."""
    return Health(status="alive")


@router.get(
    "/readyz",
    summary="Can it answer requests?",
    responses=examples.answered("/readyz") | problem_types.documented(errors.NotReadyError),
)
async def readyz(request: Request, service: Running) -> Health:
    """Ready while every worker has its models and all its runners, and none is to stop."""
    if not service.jobs.ready:
        raise errors.NotReadyError("a runner has failed and is being replaced; try again shortly")
    worker_states: WorkerStates = request.app.state.worker_states
    if not worker_states.all_ready:
        raise errors.NotReadyError(
            f"{worker_states.ready} of {worker_states.workers} workers are ready"
        )
    return Health(status="ready")
