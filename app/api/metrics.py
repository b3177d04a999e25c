"""GET /metrics: the metrics of all workers, for Prometheus."""

import asyncio

from fastapi import APIRouter, Request, Response

from app.telemetry.exposition import MEDIA_TYPE
from app.telemetry.telemetry import Telemetry

_EXAMPLE = 'likewise_requests_total{route="/verify",status="200"} 1027.0\n'

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}}}
    },
)
async def metrics(request: Request) -> Response:
    """Give the numbers of all workers in Prometheus's text format: see docs/operate.md."""
    telemetry: Telemetry = request.app.state.telemetry
    # In a thread: reading the files of the other workers takes a few milliseconds.
    return Response(await asyncio.to_thread(telemetry.exposition), media_type=MEDIA_TYPE)
