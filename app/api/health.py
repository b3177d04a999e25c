"""GET /livez and /readyz: is the process alive, and can it answer?"""

from __future__ import annotations

from fastapi import APIRouter, Request

from app import errors
from app.api import examples, problem_types
from app.api.dispatch import Running
from app.api.schemas import Health
from app.worker.worker_state import Board

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
    board: Board = request.app.state.board
    if not board.all_ready:
        raise errors.NotReadyError(f"{board.ready} of {board.workers} workers are ready")
    return Health(status="ready")
