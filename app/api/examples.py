"""Example values for the OpenAPI document: `Try it out` works with them as they stand."""

from __future__ import annotations

from typing import Any

_TINY_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAE0lEQVR42mNk4IIARhEog4UsBgBkjwLXcuS+/gAAAA"
    "BJRU5ErkJggg=="
)
PAIR: dict[str, Any] = {"image1": _TINY_PNG, "image2": "data:image/png;base64," + _TINY_PNG}
COMPARISON: dict[str, Any] = {"probe": [0.6, 0.8], "gallery": [[0.6, 0.8], [1.0, 0.0]]}
PROBLEM: dict[str, Any] = {
    "type": "urn:likewise:problem:overloaded",
    "title": "The service is busy",
    "status": 503,
    "detail": "every worker is busy and the queue is full; try again shortly",
    "request_id": "5f0c2b1e9d3a4c7f8e6d5b4a3c2d1e0f",
}
