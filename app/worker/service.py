"""A running worker: its settings, models, worker pool and memory budgets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from app.batching.batch_runner import BatchRunner, Job
from app.batching.byte_budget import ByteBudget
from app.batching.decoding_memory import DecodingMemory
from app.batching.job import Execution
from app.batching.worker_pool import JobPool
from app.catalog.catalog import Catalog, Load, Served, ServedModel, ServedPairModel
from app.catalog.reload import reload_catalog
from app.encoders.cpu_budget import usable_cores
from app.encoders.graph_choice import Choices, load_chosen
from app.encoders.locator import load_locator
from app.encoders.memory_budget import cgroup_limit, machine_memory, return_large_pieces
from app.encoders.pair import load_scorer
from app.gallery.galleries import Galleries, open_galleries
from app.settings import Provider, Settings, WantedPrecision
from app.telemetry.telemetry import Telemetry
from app.worker.measured_catalog import Loaded, load_measured
from app.worker.memory_plan import log_plan, plan_memory
from model.bundle import Bundle
from model.domain import Domain
from model.manifest import Kind
from model.preprocessing import ImageLimits


@dataclass(frozen=True)
class Service:
    """One worker that is ready to answer."""

    settings: Settings
    catalog: Catalog
    jobs: JobPool[Job]
    bodies: ByteBudget
    decoding: DecodingMemory
    telemetry: Telemetry = field(default_factory=Telemetry)
    choices: Choices = field(default_factory=Choices)
    galleries: Galleries | None = None

    @cached_property
    def image_limits(self) -> ImageLimits:
        """Limits of one image's size, and of the memory in which it is decoded."""
        settings = self.settings
        return ImageLimits(settings.max_image_bytes, settings.max_image_pixels, self.decoding.hold)

    @property
    def deadline_s(self) -> float:
        """Deadline of a job, waiting and running, in seconds."""
        return self.settings.deadline_ms / 1000

    def reloaded(self) -> Service:
        """Return the same worker with the models now in the folder.

        Raises:
            ModelsError: The folder cannot be read.
        """
        return self.serving(self.reload_catalog())

    def reload_catalog(self) -> Catalog:
        """Load the models now in the folder. Blocks: call it in a thread.

        Raises:
            ModelsError: The folder cannot be read.
        """
        load = _loading(self.settings, self.choices)
        return reload_catalog(self.catalog, self.settings.models_dir, load)

    def serving(self, catalog: Catalog) -> Service:
        """Return the same worker with another catalog."""
        self.jobs.check = catalog.check
        self.telemetry.serves(model.manifest for model in catalog.served.values())
        return replace(self, catalog=catalog)


def load_models(settings: Settings) -> Loaded:
    """Load the models for a new worker, and measure what they take. Blocks.

    Call it in the worker process: a session that was created before a fork does not survive it.

    Raises:
        LikewiseError: The default model cannot be served; the message says why.
    """
    return_large_pieces()
    choices = Choices(settings.metrics_dir)
    share = memory_limit(settings) // settings.workers
    return replace(load_measured(settings, _loading(settings, choices), share), choices=choices)


def memory_limit(settings: Settings) -> int:
    """Return the bytes that all workers together may use."""
    return settings.memory_bytes or cgroup_limit() or machine_memory()


@contextmanager
def running_service(
    settings: Settings, telemetry: Telemetry | None = None, loaded: Loaded | None = None
) -> Iterator[Service]:
    """Start the worker pool; on exit, wait for the jobs that run.

    Args:
        settings: The service's settings.
        telemetry: Records metrics and traces; None to record nothing.
        loaded: The models; None to load them.

    Raises:
        LikewiseError: The default model cannot be served, or the gallery's store not be used; the
            message says why.
    """
    telemetry = Telemetry() if telemetry is None else telemetry
    loaded = load_models(settings) if loaded is None else loaded
    catalog = loaded.catalog
    plan = plan_memory(settings, loaded.measured, usable_cores(), memory_limit(settings))
    log_plan(plan)
    telemetry.serves(model.manifest for model in catalog.served.values())
    galleries = open_galleries(settings)
    jobs = job_pool(settings, plan.threads, catalog, telemetry)
    decoding = DecodingMemory(plan.decoding, settings.deadline_ms / 1000)
    bodies = ByteBudget(plan.held)
    try:
        held = catalog, jobs, bodies, decoding, telemetry, loaded.choices, galleries
        yield Service(settings, *held)
    finally:
        jobs.close()
        if galleries is not None:
            galleries.close()


def job_pool(
    settings: Settings, threads: int, catalog: Catalog, telemetry: Telemetry | None = None
) -> JobPool[Job]:
    """Create a worker's pool. A replaced runner first runs every model's self-check."""
    batches = BatchRunner(settings.max_batch, telemetry)
    execution = Execution(batches.run, batches.size_of, batches.max_batch)
    return JobPool(threads, settings.max_waiting, execution, catalog.check, telemetry)


def _loading(settings: Settings, choices: Choices) -> Load:
    return partial(
        load_model, provider=settings.provider, precision=settings.precision, choices=choices
    )


def load_model(
    bundle: Bundle,
    provider: Provider,
    precision: WantedPrecision = WantedPrecision.AUTO,
    choices: Choices | None = None,
) -> Served:
    """Load a bundle, by its kind, with one of its graphs.

    Raises:
        ProviderError: CUDA was requested and did not load.
        SelfCheckError: The graph does not compute what the manifest promises.
    """
    locator = load_locator(bundle)
    if bundle.manifest.kind is Kind.PAIR:
        scorer = load_scorer(bundle, provider)
        return ServedPairModel(bundle.manifest, scorer, Domain.of(bundle), locator)
    chosen, encoder = load_chosen(bundle, provider, precision, choices or Choices())
    others = tuple(each.manifest.onnx for each in (bundle, *bundle.graphs) if each is not chosen)
    domain = Domain.of(chosen)
    return ServedModel(chosen.manifest, encoder, domain, locator, bundle.manifest, others)
