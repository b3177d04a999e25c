"""Example values for the OpenAPI document; its `Try it out` works with them as they stand."""

from __future__ import annotations

from typing import Any

_TINY_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAAAAACMmsGiAAAAF0lEQVR4nGNgYGBgcHBgYEhIYGBg+P8fAAuaA2nA"
    "7pYAAAAAAElFTkSuQmCC"
)
PAIR: dict[str, Any] = {"image1": _TINY_PNG, "image2": "data:image/png;base64," + _TINY_PNG}

RATES: dict[str, Any] = {
    "fmr": 0.01,
    "fmr_interval": [0.006, 0.016],
    "fnmr": 0.08,
    "fnmr_interval": [0.06, 0.11],
}
