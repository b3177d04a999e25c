"""Choice of the graph that answers for a bundle: float32, or int8, which takes about half the time.

Embeddings of two graphs are not the same, so that all workers of a service have to choose alike,
and a reload as before: the first choice between two graphs is kept, and is everyone's.
"""

import logging
import os
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import thread_time

import numpy as np

from app.encoders.onnx import OnnxEncoder, load_encoder
from app.encoders.providers import CUDA, wanted_providers
from app.settings import Provider, WantedPrecision
from model.bounded_run import limits_for, run_bounded
from model.bundle import Bundle
from model.errors import SelfCheckError
from model.golden import golden_image
from model.manifest import Precision

logger = logging.getLogger(__name__)

_RUNS = 7
_IMAGES = 2
"""As many as a request to /verify has."""
_MOST_OF_FLOAT32 = 0.9
"""Largest share of float32's time that int8 may take: graphs that are alike would be chosen by
chance, now the one and now the other."""
_MAX_SECONDS = 0.5
"""Of processor time, for all runs together."""


class Choices:
    """Choices between the graphs of bundles, which all workers of a service share.

    The first one to be made counts, whoever makes it. Without a folder they are kept in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, Precision] = {}

    def known(self, bundle: Bundle) -> Precision | None:
        """Return the choice for the graphs of a bundle, None if it is still to be made."""
        key = _key(bundle)
        if key not in self._known and self._folder is not None:
            with suppress(OSError, ValueError):
                self._known[key] = Precision((self._folder / f"{key}.choice").read_text())
        return self._known.get(key)

    def settle(self, bundle: Bundle, choice: Precision) -> Precision:
        """Note a choice, unless another one was made before; return the one that counts."""
        if self._folder is not None:
            with suppress(OSError):
                _write_first(self._folder / f"{_key(bundle)}.choice", choice)
        return self.known(bundle) or self._known.setdefault(_key(bundle), choice)


def load_chosen(
    bundle: Bundle, provider: Provider, wanted: WantedPrecision, choices: Choices
) -> tuple[Bundle, OnnxEncoder]:
    """Load the graph of a bundle that is wanted, or the fastest that passes its self-check.

    A bundle without an int8 graph is loaded as it is. So is any on CUDA, whose float32 is faster.

    Returns:
        The bundle as its chosen graph makes it, and the encoder.

    Raises:
        ProviderError: CUDA was requested and did not load.
        SelfCheckError: The graph does not compute what its manifest promises.
    """
    if not bundle.graphs or wanted is WantedPrecision.FP32:
        return bundle, load_encoder(bundle, provider)
    if CUDA in wanted_providers(provider):
        encoder = load_encoder(bundle, provider)
        if encoder.provider == "CUDA":
            return bundle, encoder
    int8 = bundle.graphs[0]
    if wanted is WantedPrecision.INT8:
        return int8, load_encoder(int8, Provider.CPU)
    if choices.known(bundle) is not Precision.FP32:
        try:
            encoder = load_encoder(int8, Provider.CPU)
            if choices.known(bundle) or choices.settle(bundle, _faster(bundle)) is Precision.INT8:
                return int8, encoder
        except SelfCheckError as error:
            logger.warning(
                "model %s: its float32 graph answers, since the int8 graph does not pass its "
                "self-check on this processor: %s",
                *(bundle.manifest.name, error),
            )
            choices.settle(bundle, Precision.FP32)
    return bundle, load_encoder(bundle, provider)


def _faster(bundle: Bundle) -> Precision:
    """Compare the times of the two graphs in a child process, whose memory is not kept."""
    try:
        run_bounded(partial(_check_times, bundle), limits_for(bundle.onnx), "the comparison")
    except SelfCheckError as error:
        logger.info("model %s: its float32 graph answers: %s", bundle.manifest.name, error)
        return Precision.FP32
    return Precision.INT8


def _check_times(bundle: Bundle) -> None:
    """Check that the int8 graph takes clearly less time than the float32 graph.

    Raises:
        SelfCheckError: It does not.
    """
    image = golden_image(bundle.manifest.input)
    images = np.stack([image, image[:, ::-1]][:_IMAGES])
    encoders = [OnnxEncoder(each, Provider.CPU) for each in (bundle, bundle.graphs[0])]
    times: list[list[float]] = [[], []]
    for encoder in encoders:
        encoder.embed(images)
    until = thread_time() + _MAX_SECONDS
    while len(times[1]) < _RUNS and (not times[1] or thread_time() < until):
        for encoder, spent in zip(encoders, times, strict=True):
            began = thread_time()
            encoder.embed(images)
            spent.append(thread_time() - began)
    whole, int8 = (1000 * min(spent) for spent in times)
    if int8 > _MOST_OF_FLOAT32 * whole:
        raise SelfCheckError(
            f"the int8 graph takes {int8:.2f} ms for two images, and this one {whole:.2f} ms"
        )


def _key(bundle: Bundle) -> str:
    return "-".join(each.manifest.onnx.sha256[:32] for each in (bundle, *bundle.graphs))


def _write_first(path: Path, choice: Precision) -> None:
    """Write a file unless it exists; it is there as a whole or not at all."""
    number, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(number, "w") as file:
            file.write(choice)
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
