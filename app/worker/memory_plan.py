"""Division of a worker's memory between its threads, bodies and decoding.

What the worker has when its models are loaded is measured; what requests may add to it has to fit
into the rest of the limit. So no set of requests gets the worker killed.
"""

import logging
from dataclasses import dataclass

from app.encoders.cpu_budget import threads_per_worker
from app.settings import Settings

logger = logging.getLogger(__name__)

_MEGABYTE = 1_000_000
SUPERVISOR_BYTES = 110_000_000
"""Memory of the parent of several workers."""
OPENING_BYTES = 12_000_000
"""What opening an image takes at most before its cost is known, beside copies of its file."""
CONNECTION_BYTES = 66_000
"""Of one connection: a head that has not ended, or what a full buffer holds."""
LOOP_BYTES = 80_000_000
"""Of the event loop: answers that clients have not read, and chunks that arrive together."""
SHARED_BYTES = 24_000_000
"""Of what counts for the whole container: files in /tmp and /dev/shm, which are memory."""
_SLACK = 0.06
"""Share of the limit for the kernel, and for memory that the allocator has not given back."""
_MIN_THREAD_BYTES = 24_000_000
_ENOUGH_BYTES = 256_000_000
"""A further thread is started only where this much is left for bodies and decoding."""
_MIN_HELD, _MAX_HELD = 16_000_000, 256_000_000
_MIN_DECODING, _MAX_DECODING = 40_000_000, 1_000_000_000
_HELD_SHARE = 0.3


@dataclass(frozen=True)
class MeasuredMemory:
    """Memory of a worker before its first request, in bytes.

    Attributes:
        base: The process with its models, each of which has run once.
        models: What loading them added; a reload adds it again.
        thread: What those runs added; each thread may add it.
    """

    base: int
    models: int
    thread: int


@dataclass(frozen=True)
class MemoryPlan:
    """A worker's threads, and what its requests may hold together.

    Attributes:
        threads: Number of runner threads.
        held: Maximum bytes of bodies.
        decoding: Maximum bytes for decoding images.
        share: Bytes of the limit that are this worker's.
        most: Bytes that the worker takes at most; more than `share` where settings ask for it, or
            where the limit is too low.
    """

    threads: int
    held: int
    decoding: int
    share: int
    most: int

    @property
    def fits(self) -> bool:
        """True if no set of requests exceeds the limit."""
        return self.most <= self.share


def plan_memory(settings: Settings, measured: MeasuredMemory, cores: int, limit: int) -> MemoryPlan:
    """Divide the memory; settings that are given are kept.

    Args:
        settings: The service's settings.
        measured: What this worker has now.
        cores: Cores that the service may use.
        limit: Bytes that the service may use, all workers together.
    """
    share = _share(settings, limit)
    a_thread = _a_thread(settings, measured.thread)
    fixed = measured.base - measured.thread + _fixed(settings, measured)
    threads = threads_per_worker(settings.threads, settings.workers, cores)
    if not settings.threads:
        threads = _within(1, (share - fixed - _ENOUGH_BYTES) // a_thread, threads)
    fixed += threads * a_thread
    rest = max(0, share - fixed)
    held = settings.max_held_bytes or _within(_MIN_HELD, int(_HELD_SHARE * rest), _MAX_HELD)
    decoding = settings.max_decoding_bytes or _within(
        _MIN_DECODING, rest - held, _MAX_DECODING * threads
    )
    return MemoryPlan(threads, held, decoding, share, fixed + held + decoding)


def log_plan(plan: MemoryPlan) -> None:
    """Log what requests may take, as a warning where it does not fit."""
    amounts = (plan.held // _MEGABYTE, plan.decoding // _MEGABYTE, plan.threads)
    if plan.fits:
        logger.info("memory: %d MB for bodies, %d MB for decoding, %d threads", *amounts)
        return
    logger.warning(
        "requests can get this worker killed: it may take %d MB (%d MB of it for bodies, %d MB for "
        "decoding, with %d threads), and its share of the memory limit is %d MB; raise the limit, "
        "or lower LIKEWISE_WORKERS, LIKEWISE_THREADS, LIKEWISE_MAX_HELD_BYTES or "
        "LIKEWISE_MAX_DECODING_BYTES",
        plan.most // _MEGABYTE,
        *amounts,
        plan.share // _MEGABYTE,
    )


def _share(settings: Settings, limit: int) -> int:
    """Return the bytes of the limit that are one worker's."""
    shared = SHARED_BYTES + (SUPERVISOR_BYTES if settings.workers > 1 else 0)
    return max(0, int(limit * (1 - _SLACK)) - shared) // settings.workers


def _a_thread(settings: Settings, measured: int) -> int:
    """Return the bytes of one thread: a run, an image that is opened, and decoded images."""
    decoded = 2 * max(settings.max_batch, settings.max_images) * _TENSOR_BYTES
    opening = OPENING_BYTES + 2 * settings.max_image_bytes
    answer = _ANSWER_ROW_BYTES * settings.max_gallery
    return max(_MIN_THREAD_BYTES, measured * 3 // 2) + opening + max(decoded, answer)


_TENSOR_BYTES = 65_000
"""Of one decoded image: 144 x 144 x 3 of `faces-crops`."""
_ANSWER_ROW_BYTES = 100
"""Of a row's energy and decision, in lists and in JSON."""


def _fixed(settings: Settings, measured: MeasuredMemory) -> int:
    """Return the bytes that requests take which do not depend on the threads, and a reload's."""
    connections = CONNECTION_BYTES * settings.max_connections
    return connections + LOOP_BYTES + 2 * settings.max_image_bytes + measured.models


def _within(least: int, wanted: int, most: int) -> int:
    return min(most, max(least, wanted))
