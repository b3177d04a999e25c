"""Adapter of pair models: a graph with two image inputs, run by ONNX Runtime."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.encoders.session import LOADING_FAILURES, Session
from app.errors import EncodingError
from app.settings import Provider
from model.bounded_run import limits_for, run_bounded
from model.bundle import Bundle
from model.errors import SelfCheckError
from model.golden import check_golden_pairs, golden_image


class OnnxScorer:
    """Scorer of a bundle of kind `pair`."""

    def __init__(self, bundle: Bundle, provider: Provider) -> None:
        """Open the session, and check the graph's inputs and output, but not its results.

        Raises:
            ProviderError: CUDA was requested and did not load.
            SelfCheckError: The graph cannot be loaded, or is not what the manifest says.
        """
        spec = bundle.manifest.input
        self._session = Session(bundle, provider)
        self._session.check_inputs(2, "tensor(uint8)", (spec.height, spec.width, spec.channels))
        self._session.check_output("tensor(float)", ())

    @property
    def provider(self) -> str:
        """Name of the device that runs it: `CPU` or `CUDA`."""
        return self._session.provider

    def warm(self, image1: NDArray[np.uint8], image2: NDArray[np.uint8]) -> None:
        """Run every batch size once on CUDA, which saves the first requests time.

        Args:
            image1: Any image, uint8, (1, height, width, channels).
            image2: Another of the same shape.
        """
        self._session.warm(image1, image2)

    def score(self, images1: NDArray[np.uint8], images2: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Score pairs; see `app.encoders.port.PairScorer.score`."""
        energies: NDArray[np.float32] = self._session.run(images1, images2)
        finite = np.isfinite(energies)
        if not finite.all():
            raise EncodingError(
                f"the model gave no finite energy for pair {int(np.argmin(finite))} of "
                f"{len(images1)} (counted from 0)"
            )
        return energies


def load_scorer(bundle: Bundle, provider: Provider) -> OnnxScorer:
    """Build a bundle's pair scorer and run its golden self-check, in a bounded child first.

    Raises:
        ProviderError: CUDA was requested and did not load.
        SelfCheckError: The graph does not compute what the manifest promises, or takes too long or
            too much memory to do so.
    """
    run_bounded(
        partial(_checked_scorer, bundle, Provider.CPU), limits_for(bundle.onnx), "the self-check"
    )
    scorer = _checked_scorer(bundle, provider)
    image = golden_image(bundle.manifest.input)[np.newaxis]
    scorer.warm(image, image)
    return scorer


def _checked_scorer(bundle: Bundle, provider: Provider) -> OnnxScorer:
    scorer = OnnxScorer(bundle, provider)
    try:
        check_golden_pairs(bundle.manifest.golden, bundle.manifest.input, scorer.score)
    except (EncodingError, *LOADING_FAILURES) as error:
        raise SelfCheckError(f"the golden pairs cannot be compared: {error}") from error
    return scorer
