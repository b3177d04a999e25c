"""Weights of TensorFlow.js: a manifest in JSON, and the tensors one after the other in a file.

A quantised tensor is stored as whole numbers q, and is q · scale + min.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import AdoptionError

_TYPES = {"float32": np.float32, "uint8": np.uint8, "uint16": np.uint16}

Weights = Mapping[str, NDArray[np.float32]]


def read_weights(manifest: bytes, data: bytes) -> Weights:
    """Read the tensors by their names, float32, in the shapes that the manifest states.

    Raises:
        AdoptionError: The manifest is none, or states more or fewer bytes than there are.
    """
    try:
        entries = [entry for group in json.loads(manifest) for entry in group["weights"]]
        weights: dict[str, NDArray[np.float32]] = {}
        start = 0
        for entry in entries:
            weights[entry["name"]], start = _tensor(entry, data, start)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise AdoptionError(f"the weights are not those of TensorFlow.js: {error}") from error
    if start != len(data):
        raise AdoptionError(f"the weights have {len(data):,} bytes; {start:,} are stated")
    return weights


def _tensor(entry: Mapping[str, Any], data: bytes, start: int) -> tuple[NDArray[np.float32], int]:
    """Read one tensor; return it with the place where the next one begins."""
    stored = entry.get("quantization", {"dtype": entry["dtype"], "scale": 1, "min": 0})
    dtype, count = np.dtype(_TYPES[stored["dtype"]]), int(np.prod(entry["shape"]))
    numbers = np.frombuffer(data, dtype.newbyteorder("<"), count, start).astype(np.float32)
    values = numbers * np.float32(stored["scale"]) + np.float32(stored["min"])
    return values.reshape(entry["shape"]), start + count * dtype.itemsize
