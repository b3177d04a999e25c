"""The golden self-check: images by formula, and what the bundle promises to answer for them.

The service runs it before it reports ready, so that a graph which computes something else on this
machine (another runtime, another provider, a damaged file) never answers a request.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from model.errors import SelfCheckError
from model.manifest import Golden, InputSpec
from model.schema.locator import CANDIDATES, GoldenCandidates

Run = Callable[[NDArray[np.uint8]], NDArray[np.generic]]
"""The graph: uint8 (N, height, width, channels) to (N, dim)."""

Score = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.generic]]
"""A pair model's graph: twice uint8 (N, height, width, channels) to energies, (N,)."""

TOLERANCE = 1e-3
"""Allowed difference, relative to the answer's largest magnitude: other CPUs sum in another
order, and CUDA multiplies in TF32."""


def golden_image(spec: InputSpec) -> NDArray[np.uint8]:
    """Make the image of formula `ramp-1`: (7x + 13y + 29c + xy) mod 256.

    Returns:
        uint8, shape (height, width, channels).
    """
    y, x, c = np.ogrid[: spec.height, : spec.width, : spec.channels]
    ramp: NDArray[np.int64] = (7 * x + 13 * y + 29 * c + x * y) % 256
    return ramp.astype(np.uint8)


def golden_pairs(spec: InputSpec) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make the pairs of formula `ramp-1-pairs`: the golden image with itself, and with its mirror.

    The mirror image is flipped left to right: column x of it is column width - 1 - x.

    Returns:
        First and second images, each uint8, shape (2, height, width, channels).
    """
    image = golden_image(spec)
    mirrored = image[:, ::-1]
    return np.stack([image, image]), np.stack([image, mirrored])


def check_golden(golden: Golden, spec: InputSpec, run: Run) -> None:
    """Run the golden image through the graph and compare.

    Packed bits, uint8, are compared bit by bit: as numbers, a flipped low bit would weigh 128 times
    less than a high one. Every bit must match, except those that the manifest lists as undecided.

    Raises:
        SelfCheckError: The answer has another length, is not finite, or is too far off.
    """
    _compare(golden, run(golden_image(spec)[np.newaxis]), "embedding is")


def check_golden_pairs(golden: Golden, spec: InputSpec, score: Score) -> None:
    """Run the golden pairs through a pair model's graph and compare.

    Raises:
        SelfCheckError: The answer has another length, is not finite, or is too far off.
    """
    _compare(golden, score(*golden_pairs(spec)), "energies are")


def golden_picture() -> NDArray[np.uint8]:
    """Make the picture of formula `portrait-1`, in which a locator's candidates are checked.

    A bright ellipse with two dark eyes and a dark mouth on a ramp: with x, y from 0, background
    64 + (x + y) // 4, ellipse 200 where (x - 72)² · 4 + (y - 48)² · 3 ≤ 4800, and 40 within 5
    pixels of (62, 38) and (82, 38), and where |x - 72| ≤ 10 and |y - 66| ≤ 2. Channel c is less by
    12c.

    Returns:
        uint8, shape (96, 128, 3).
    """
    y, x = np.mgrid[:96, :128]
    grey = 64 + (x + y) // 4
    grey[(x - 72) ** 2 * 4 + (y - 48) ** 2 * 3 <= 4800] = 200  # noqa: PLR2004
    eyes = [(x - at) ** 2 + (y - 38) ** 2 <= 25 for at in (62, 82)]  # noqa: PLR2004
    mouth = (abs(x - 72) <= 10) & (abs(y - 66) <= 2)  # noqa: PLR2004
    grey[eyes[0] | eyes[1] | mouth] = 40
    picture: NDArray[np.uint8] = (grey[..., np.newaxis] - 12 * np.arange(3)).astype(np.uint8)
    return picture


def golden_candidates(answer: NDArray[np.generic]) -> NDArray[np.float64]:
    """The candidates that a self-check compares: whose score is at least half of the best one's.

    Args:
        answer: The locator's, (1, 8, 5), for the golden picture.

    Returns:
        float64, shape (n, 5), best first.
    """
    rows = np.asarray(answer, dtype=np.float64)[0]
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    compared: NDArray[np.float64] = rows[rows[:, 0] >= rows[0, 0] / 2]
    return compared


def check_golden_candidates(golden: GoldenCandidates, find: Run) -> None:
    """Run the golden picture through a locator's graph and compare its candidates.

    Each promised one has to have a match among all that are answered: two of nearly equal scores
    may change places.

    Raises:
        SelfCheckError: The answer has another shape, is not finite, or a candidate is too far off.
    """
    picture = golden_picture()
    answer = np.asarray(find(picture[np.newaxis]))
    wanted = (1, CANDIDATES, 5)
    if answer.shape != wanted:
        raise SelfCheckError(
            f"the locator answers the shape {answer.shape}; a locator's is {wanted}"
        )
    if not np.isfinite(answer).all():
        raise SelfCheckError("the locator answers a number that is not finite")
    scale = np.array([1.0, *[max(picture.shape)] * 4])
    apart = abs(np.asarray(golden.candidates)[:, np.newaxis] - answer.astype(np.float64)) / scale
    off = float(apart.max(axis=-1).min(axis=-1).max())
    if not off <= golden.tolerance:
        raise SelfCheckError(
            f"a golden candidate of the locator is off by {off:.2e}, over the tolerance of "
            f"{golden.tolerance:.0e}: the graph was altered, or this runtime computes it wrongly"
        )


def _compare(golden: Golden, answered: NDArray[np.generic], what: str) -> None:
    expected = np.asarray(golden.embedding, dtype=np.float64)
    raw = np.asarray(answered)
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
            f"the golden {what} off by {error:.2e} of the scale, over the tolerance of "
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
