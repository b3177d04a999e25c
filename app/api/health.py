"""GET /livez and /readyz: is the process alive, and can it answer?"""

from __future__ import annotations

from fastapi import APIRouter

from app import errors
from app.api import problem_types
from app.api.handover import Running
from app.api.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Is the process alive?")
async def livez() -> Health:
    """Answer, and do nothing else: whoever asks restarts the process when no answer comes."""
    return Health(status="alive")


@router.get(
    "/readyz",
    summary="Can it answer requests?",
    responses=problem_types.documented(errors.NotReadyError),
)
async def readyz(service: Running) -> Health:
    """Ready while the models are loaded and every runner is there, its self-check passed."""
    if not service.jobs.ready:
        raise errors.NotReadyError("a runner has failed and is being replaced; try again shortly")
    return Health(status="ready")
