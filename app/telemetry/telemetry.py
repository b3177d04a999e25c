"""Facade over metrics and traces, passed to every component that reports.

A call costs a few microseconds, or nothing while metrics and traces are off.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from app.domain import DomainResult
from app.settings import Settings
from app.telemetry.exposition import exposition
from app.telemetry.folder import metrics_folder
from app.telemetry.recorder import Recorder, Search
from app.telemetry.traces import Trace, Tracing
from app.zone import Outcome
from model.errors import LikewiseError, SeveralLocatedError
from model.locating.locator import Found
from model.manifest import Manifest

VERIFY, COMPARE = "/verify", "/compare"

_chosen: ContextVar[str | None] = ContextVar("chosen", default=None)
"""Name of the model of the current request, once it is known."""


class Telemetry:
    """Facade that records events in the metrics and the traces, as far as they are on.

    Safe to use from several threads at once, except `trace` and `chose`: event loop only.
    """

    def __init__(self, recorder: Recorder | None = None, tracing: Tracing | None = None) -> None:
        self._recorder, self._tracing = recorder, tracing

    def exposition(self) -> bytes:
        """Return all workers' metrics in Prometheus's text format; empty while metrics are off."""
        if self._recorder is None:
            return b""
        return exposition(self._recorder.folder, self._recorder.baselines)

    def trace(self) -> Trace | None:
        """Return the trace of the current request, to which its stages are added in any thread."""
        return None if self._tracing is None else self._tracing.here()

    def serves(self, manifests: Iterable[Manifest]) -> None:
        """Replace the served models."""
        if self._recorder is not None:
            self._recorder.serves(manifests)

    def chose(self, manifest: Manifest) -> None:
        """Note the model of the current request."""
        _chosen.set(manifest.name)

    def chosen(self) -> str | None:
        """Return the name of the current request's model, if it is known."""
        return _chosen.get()

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Record an answered request; `route` is from a bounded set, whatever the client sent."""
        if self._recorder is not None:
            self._recorder.requested(route, status, seconds)

    def refused(self, reason: str) -> None:
        """Record a request that was answered with a problem of this type."""
        if self._recorder is not None:
            self._recorder.refused(reason)

    def waiting(self, depth: int) -> None:
        """Record the number of waiting jobs."""
        if self._recorder is not None:
            self._recorder.waiting(depth)

    def waited(self, seconds: float, trace: Trace | None = None) -> None:
        """Record the time that a job waited for a runner, when it gets one."""
        if self._recorder is not None:
            self._recorder.waited(seconds)
        if trace is not None:
            trace.stage("queue", seconds)

    def decoded(self, seconds: float, trace: Trace | None = None) -> None:
        """Record the time to decode a job's images, when they are decoded."""
        if self._recorder is not None:
            self._recorder.decoded(seconds)
        if trace is not None:
            trace.stage("decode", seconds)

    def inferred(self, seconds: float, images: int, traces: Sequence[Trace | None] = ()) -> None:
        """Record the time of one run of a model for images of these requests, when it is over."""
        if self._recorder is not None:
            self._recorder.inferred(seconds, images)
        for trace in traces:
            if trace is not None:
                trace.stage("inference", seconds, images=images)

    def decided(self, manifest: Manifest, energy: float | None, outcome: Outcome) -> None:
        """Record a decision on two images, with its energy for the drift.

        It is None of several images on a side, whose energies are on another scale.
        """
        if self._recorder is not None:
            self._recorder.decided(manifest, VERIFY, {outcome: 1})
            if energy is not None:
                self._recorder.measured(manifest, energy)

    def checked(self, manifest: Manifest, domain: DomainResult) -> None:
        """Record the domain check of the images of a request.

        Rows of /compare do not count: their images were checked by /embed.
        """
        if self._recorder is not None:
            self._recorder.checked(manifest, domain)

    def located(self, manifest: Manifest, found: Iterable[Found]) -> None:
        """Record what was located in the images of a request."""
        if self._recorder is not None:
            for each in found:
                result = Search.SEVERAL if each.others else Search.ONE
                self._recorder.located(
                    manifest, Search.LANDMARKS if each.others is None else result
                )

    def not_located(self, manifest: Manifest, error: LikewiseError) -> None:
        """Record an image that was refused since nothing, or several things, are located in it."""
        if self._recorder is not None:
            is_several = isinstance(error, SeveralLocatedError)
            self._recorder.located(manifest, Search.SEVERAL if is_several else Search.NOTHING)

    def compared(self, manifest: Manifest, *, same: int, different: int) -> None:
        """Record the decisions on a probe and the rows of a gallery.

        Their energies do not count for the drift: one call has as many as a day of /verify, all
        with the same probe.
        """
        if self._recorder is not None:
            counts = {Outcome.SAME: same, Outcome.DIFFERENT: different}
            self._recorder.decided(manifest, COMPARE, counts)


@contextmanager
def running_telemetry(
    settings: Settings, reasons: Iterable[str] = (), tracing: Tracing | None = None
) -> Iterator[Telemetry]:
    """Open this worker's metrics as the settings say; on exit, close them and send the traces.

    Args:
        settings: Whether there are metrics, and their folder.
        reasons: The types of problem that a request can be answered with.
        tracing: The destination of traces; None to trace nothing.
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
    """Open the folder that the supervisor has chosen, or one for this process only."""
    if not settings.metrics or settings.metrics_dir is not None:
        yield settings.metrics_dir if settings.metrics else None
        return
    with metrics_folder(None) as folder:
        yield folder
