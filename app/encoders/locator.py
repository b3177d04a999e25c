"""Adapter of a bundle's locator, run by ONNX Runtime."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.encoders.session import LOADING_FAILURES, Session
from app.errors import EncodingError
from app.settings import Provider
from model.bounded_run import limits_for, run_bounded
from model.bundle import Bundle
from model.errors import SelfCheckError
from model.golden import check_golden_candidates
from model.locating.locator import Locator
from model.schema.locator import CANDIDATES, LocatorSpec


class OnnxLocator:
    """Graph of a locator. Safe to run from several threads at once.

    It runs on the CPU whatever the provider: its input has another shape for each picture, and CUDA
    plans its convolutions again for each.
    """

    def __init__(self, bundle: Bundle, graph: bytes) -> None:
        """Open the session, and check the graph's input and output, but not its results.

        Raises:
            SelfCheckError: The graph cannot be loaded, or is no locator's.
        """
        self._session = Session(replace(bundle, onnx=graph), Provider.CPU)
        self._session.check_inputs(1, "tensor(uint8)", ("height", "width", 3))
        self._session.check_output("tensor(float)", (CANDIDATES, 5))

    def find(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Find the candidates of pictures, uint8 (n, h, w, 3): float32 (n, 8, 5).

        Raises:
            EncodingError: An output is not finite.
        """
        candidates: NDArray[np.float32] = self._session.run(pictures)
        if not np.isfinite(candidates).all():
            raise EncodingError("the model's locator gave a candidate that is not finite")
        return candidates


def load_locator(bundle: Bundle) -> Locator | None:
    """Build a bundle's locator, if it has one, and run its self-check, in a bounded child first.

    Raises:
        SelfCheckError: The graph does not compute what the manifest promises, or takes too long or
            too much memory to do so.
    """
    spec, graph = bundle.manifest.locator, bundle.locator
    if spec is None or graph is None:
        return None
    check = partial(_checked, bundle, spec, graph)
    run_bounded(check, limits_for(graph), "the self-check of the locator")
    return Locator(spec, check().find)


def _checked(bundle: Bundle, spec: LocatorSpec, graph: bytes) -> OnnxLocator:
    locator = OnnxLocator(bundle, graph)
    try:
        check_golden_candidates(spec.golden, locator.find)
    except (EncodingError, *LOADING_FAILURES) as error:
        raise SelfCheckError(f"the golden picture cannot be searched: {error}") from error
    return locator
