"""What the service tells of its work: the one object that all who work are given.

Each method costs a microsecond or a few, and nothing where metrics and traces are off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from app.settings import Settings
from app.telemetry.exposition import exposition
from app.telemetry.folder import metrics_folder
from app.telemetry.recorder import Recorder
from app.telemetry.traces import Trace, Tracing
from model.manifest import Manifest

VERIFY, COMPARE = "/verify", "/compare"

_chosen: ContextVar[str | None] = ContextVar("chosen", default=None)
"""The model that the request at hand has been found to want."""


class Telemetry:
    """Passes on what it is told to the metrics and the traces, where they are on.

    Safe to use from several threads at once; `trace` and `chose` belong to the event loop.
    """

    def __init__(self, recorder: Recorder | None = None, tracing: Tracing | None = None) -> None:
        self._recorder, self._tracing = recorder, tracing

    @property
    def has_metrics(self) -> bool:
        """Whether numbers are kept."""
        return self._recorder is not None

    def exposition(self) -> bytes:
        """The numbers of all workers, in Prometheus's text format; empty where none are kept."""
        if self._recorder is None:
            return b""
        return exposition(self._recorder.folder, self._recorder.references)

    def trace(self) -> Trace | None:
        """What the stages of the request at hand are to be told with, wherever they take place."""
        return None if self._tracing is None else self._tracing.here()

    def serves(self, manifests: Iterable[Manifest]) -> None:
        """From now on these models are served, and no other."""
        if self._recorder is not None:
            self._recorder.serves(manifests)

    def chose(self, manifest: Manifest) -> None:
        """The request at hand wants this model."""
        _chosen.set(manifest.name)

    def chosen(self) -> str | None:
        """The model that the request at hand wants, as far as is known."""
        return _chosen.get()

    def requested(self, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is one of a bounded set, whatever the client sent."""
        if self._recorder is not None:
            self._recorder.requested(route, status, seconds)

    def refused(self, reason: str) -> None:
        """A request was answered with a problem of that type."""
        if self._recorder is not None:
            self._recorder.refused(reason)

    def waiting(self, depth: int) -> None:
        """So many jobs wait."""
        if self._recorder is not None:
            self._recorder.waiting(depth)

    def waited(self, seconds: float, trace: Trace | None = None) -> None:
        """A job has waited so long for a thread, and has one now."""
        if self._recorder is not None:
            self._recorder.waited(seconds)
        if trace is not None:
            trace.stage("queue", seconds)

    def decoded(self, seconds: float, trace: Trace | None = None) -> None:
        """A job's images took so long to decode, and are decoded now."""
        if self._recorder is not None:
            self._recorder.decoded(seconds)
        if trace is not None:
            trace.stage("decode", seconds)

    def inferred(self, seconds: float, images: int, traces: Sequence[Trace | None] = ()) -> None:
        """One run of a model took so long, for so many images of these requests, and is over."""
        if self._recorder is not None:
            self._recorder.inferred(seconds, images)
        for trace in traces:
            if trace is not None:
                trace.stage("inference", seconds, images=images)

    def decided(self, manifest: Manifest, energy: float, *, same: bool) -> None:
        """Two images were decided upon."""
        if self._recorder is not None:
            self._recorder.decided(manifest, VERIFY, same=int(same), different=int(not same))
            self._recorder.measured(manifest, energy)

    def compared(self, manifest: Manifest, *, same: int, different: int) -> None:
        """A probe was decided upon against so many rows of a gallery.

        Their energies are no part of the drift: one call has as many as a day of /verify, all with
        the same probe.
        """
        if self._recorder is not None:
            self._recorder.decided(manifest, COMPARE, same=same, different=different)


@contextmanager
def running_telemetry(
    settings: Settings, reasons: Iterable[str] = (), tracing: Tracing | None = None
) -> Iterator[Telemetry]:
    """Open this worker's files, as the settings say; on leaving, close them and send the traces.

    Args:
        settings: Whether metrics are kept, and where.
        reasons: For which a request can be refused.
        tracing: Where None, nothing is traced.
    """
    with _folder(settings) as folder:
        recorder = None if folder is None else Recorder(folder, reasons)
        try:
            yield Telemetry(recorder, tracing)
        finally:
            if recorder is not None:
                recorder.close()
            if tracing is not None:
                tracing.close()


@contextmanager
def _folder(settings: Settings) -> Iterator[Path | None]:
    """The folder that the workers' parent has chosen for them, or one for this process alone."""
    if not settings.metrics or settings.metrics_dir is not None:
        yield settings.metrics_dir if settings.metrics else None
        return
    with metrics_folder(None) as folder:
        yield folder
