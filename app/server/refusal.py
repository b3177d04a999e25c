"""The bytes of a refusal that the server sends without the application."""

import json
from http import HTTPStatus

from app.api.problem_types import MEDIA_TYPE, TYPE_PREFIX


def refusal(status: HTTPStatus, slug: str, title: str, detail: str) -> bytes:
    """Return a problem as a whole answer, after which the connection is closed."""
    problem = {
        "type": TYPE_PREFIX + slug,
        "title": title,
        "status": status.value,
        "detail": detail,
    }
    body = json.dumps(problem).encode()
    retry = "retry-after: 1\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
    )
    return head.encode() + body
