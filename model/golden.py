"""The golden self-check: one formula image, and the embedding that the bundle promises for it.

The service runs it before it reports ready, so that a graph which computes something else on this
machine (another runtime, another provider, a damaged file) never answers a request.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from model.errors import SelfCheckError
from model.manifest import Golden, InputSpec

Run = Callable[[NDArray[np.uint8]], NDArray[np.generic]]
"""The graph: uint8 (N, height, width, channels) to (N, dim)."""

TOLERANCE = 1e-3
"""Allowed difference, relative to the embedding's largest magnitude: other CPUs sum in another
order, and CUDA multiplies in TF32."""


def golden_image(spec: InputSpec) -> NDArray[np.uint8]:
    """Make the image of formula `ramp-1`: (7x + 13y + 29c + xy) mod 256.

    Returns:
        uint8, shape (height, width, channels).
    """
    y, x, c = np.ogrid[: spec.height, : spec.width, : spec.channels]
    ramp: NDArray[np.int64] = (7 * x + 13 * y + 29 * c + x * y) % 256
    return ramp.astype(np.uint8)


def check_golden(golden: Golden, spec: InputSpec, run: Run) -> None:
    """Run the golden image through the graph and compare.

    Packed bits, uint8, are compared bit by bit, for as numbers a turned low bit would weigh 128
    times less than a high one. Every bit has to be as promised, but for those that the manifest
    names as undecided.

    Raises:
        SelfCheckError: The answer has another length, is not finite, or is too far off.
    """
    expected = np.asarray(golden.embedding, dtype=np.float64)
    raw = np.asarray(run(golden_image(spec)[np.newaxis]))
    answer = raw.astype(np.float64).reshape(-1)
    if answer.shape != expected.shape:
        raise SelfCheckError(
            f"the graph answers {answer.size} numbers; the manifest promises {expected.size}"
        )
    if raw.dtype == np.uint8:
        _check_code(golden, raw.astype(np.uint8).reshape(-1))
        return
    scale = max(float(np.abs(expected).max()), float(np.finfo(np.float32).tiny))
    error = float(np.abs(answer - expected).max()) / scale
    if not error <= golden.tolerance:
        raise SelfCheckError(
            f"the golden embedding is off by {error:.2e} of its scale, over the tolerance of "
            f"{golden.tolerance:.0e}: the graph was altered, or this runtime computes it wrongly"
        )


def _check_code(golden: Golden, answer: NDArray[np.uint8]) -> None:
    promised = np.asarray(golden.embedding, dtype=np.uint8)
    turned = np.flatnonzero(np.unpackbits(np.bitwise_xor(answer, promised)))
    wrong = np.setdiff1d(turned, golden.undecided)
    if len(wrong):
        raise SelfCheckError(
            f"{len(wrong)} of the golden code's {8 * answer.size} bits are off: the graph was "
            "altered, or this runtime computes it wrongly"
        )
