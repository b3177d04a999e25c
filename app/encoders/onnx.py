"""Adapter of bundles that embed: a graph with one image input, run by ONNX Runtime."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.encoders.session import LOADING_FAILURES, Session
from app.errors import EncodingError
from app.settings import Provider
from model.bounded_run import limits_for, run_bounded
from model.bundle import Bundle
from model.errors import SelfCheckError
from model.golden import check_golden, golden_image
from model.manifest import Kind, Manifest

_OUTPUT_TYPES = {Kind.ENCODER: "tensor(float)", Kind.CODES: "tensor(uint8)"}


class OnnxEncoder:
    """Encoder of a bundle of kind `encoder` or `codes`."""

    def __init__(self, bundle: Bundle, provider: Provider) -> None:
        """Open the session, and check the graph's input and output, but not its results.

        Raises:
            ProviderError: CUDA was requested and did not load.
            SelfCheckError: The graph cannot be loaded, or is not what the manifest says.
        """
        self._session = Session(bundle, provider)
        _check_graph(self._session, bundle.manifest)

    @property
    def provider(self) -> str:
        """Name of the device that runs it: `CPU` or `CUDA`."""
        return self._session.provider

    def warm(self, image: NDArray[np.uint8]) -> None:
        """Run every batch size once on CUDA, which saves the first requests time.

        Args:
            image: Any image, uint8, (1, height, width, channels).
        """
        self._session.warm(image)

    def embed(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """Embed a batch; see `app.encoders.port.Encoder.embed`."""
        embeddings: NDArray[Any] = self._session.run(images)
        finite = np.isfinite(embeddings).all(axis=1)
        if not finite.all():
            raise EncodingError(
                f"the model gave no finite embedding for image {int(np.argmin(finite))} of "
                f"{len(images)} (counted from 0)"
            )
        return embeddings


def load_encoder(bundle: Bundle, provider: Provider) -> OnnxEncoder:
    """Build a bundle's encoder and run its golden self-check, in a bounded child process first.

    Raises:
        ProviderError: CUDA was requested and did not load.
        SelfCheckError: The graph does not compute what the manifest promises, or takes too long or
            too much memory to do so.
    """
    run_bounded(
        partial(_checked_encoder, bundle, Provider.CPU), limits_for(bundle.onnx), "the self-check"
    )
    encoder = _checked_encoder(bundle, provider)
    encoder.warm(golden_image(bundle.manifest.input)[np.newaxis])
    return encoder


def _checked_encoder(bundle: Bundle, provider: Provider) -> OnnxEncoder:
    encoder = OnnxEncoder(bundle, provider)
    try:
        check_golden(bundle.manifest.golden, bundle.manifest.input, encoder.embed)
    except (EncodingError, *LOADING_FAILURES) as error:
        raise SelfCheckError(f"the golden image cannot be encoded: {error}") from error
    return encoder


def _check_graph(session: Session, manifest: Manifest) -> None:
    spec = manifest.input
    session.check_inputs(1, "tensor(uint8)", (spec.height, spec.width, spec.channels))
    session.check_output(_OUTPUT_TYPES[manifest.kind], (manifest.embedding_dim,))
