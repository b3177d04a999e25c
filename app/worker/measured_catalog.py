"""The models at start, and the memory that they take, measured."""

from dataclasses import dataclass, field

import numpy as np

from app.catalog.catalog import Catalog, Load, Served, ServedModel, load_catalog
from app.encoders.graph_choice import Choices
from app.encoders.memory_budget import own_bytes
from app.encoders.session import MAX_BYTES_ON_CPU
from app.settings import Settings
from app.worker.memory_plan import MeasuredMemory

ROOMY_BYTES = 4_000_000_000
"""Memory of a worker from which on no model is run for a measure, which takes a twentieth of a
second."""
_ASSUMED_THREAD_BYTES = 100_000_000


@dataclass(frozen=True)
class Loaded:
    """The models, the choices between their graphs, and the memory of the worker."""

    catalog: Catalog
    measured: MeasuredMemory
    choices: Choices = field(default_factory=Choices)


def load_measured(settings: Settings, load: Load, share: int) -> Loaded:
    """Load the models and measure what they take.

    Args:
        settings: The service's settings.
        load: Loads a bundle, self-check included.
        share: Bytes that are this worker's.

    Raises:
        LikewiseError: As `load_catalog` raises.
    """
    before = own_bytes()
    catalog = load_catalog(settings.models_dir, settings.default_model, load)
    loaded = own_bytes()
    if share >= ROOMY_BYTES:
        base = loaded + _ASSUMED_THREAD_BYTES
        return Loaded(catalog, MeasuredMemory(base, max(0, loaded - before), _ASSUMED_THREAD_BYTES))
    for model in catalog.served.values():
        _run_largest(model, settings.max_batch)
    ran = own_bytes()
    return Loaded(catalog, MeasuredMemory(ran, max(0, loaded - before), max(0, ran - loaded)))


def _run_largest(model: Served, max_batch: int) -> None:
    """Run the largest batch that a model is run with, whose memory ONNX Runtime keeps."""
    spec = model.manifest.input
    shape = (spec.height, spec.width, spec.channels)
    inputs = 1 if isinstance(model, ServedModel) else 2
    rows = max(1, min(max_batch, MAX_BYTES_ON_CPU // (inputs * int(np.prod(shape)))))
    images = np.zeros((rows, *shape), dtype=np.uint8)
    if isinstance(model, ServedModel):
        model.encoder.embed(images)
    else:
        model.scorer.score(images, images)
    if model.locator is not None:
        side = model.locator.spec.largest_side
        model.locator.graph(np.zeros((1, side, side, 3), dtype=np.uint8))
