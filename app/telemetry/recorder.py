"""Recorder of one worker's metrics. Safe to use from several threads at once."""

import os
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from app.domain import DomainResult, DomainStatus
from app.telemetry import families
from app.telemetry.drift_baseline import DriftBaseline, baseline_of
from app.telemetry.folder import remove_gauges
from app.telemetry.values import Histogram, Value, WorkerFiles
from app.telemetry.window import RecentCounts
from app.zone import Outcome
from model.manifest import Manifest


class Search(StrEnum):
    """Result of the search in an image, by a model with a locator."""

    ONE = "one"
    SEVERAL = "several"
    NOTHING = "nothing"
    LANDMARKS = "landmarks"
    """There was no search: the caller sent landmarks."""


@dataclass(frozen=True)
class ModelValues:
    """Metrics of one model."""

    manifest: Manifest
    baseline: DriftBaseline
    energy: Histogram
    recent: RecentCounts
    info: Value


class Recorder:
    """Writer of this process's metrics into its files."""

    def __init__(self, folder: Path, reasons: Iterable[str] = ()) -> None:
        """Open the files.

        Args:
            folder: The folder of all workers' metrics.
            reasons: Types of problem; the counter of each starts at 0, since Prometheus does not
                count a counter's first value as a rise.
        """
        self._folder, self._pid = folder, os.getpid()
        remove_gauges(folder, self._pid)  # of an ended process that had the same pid
        self._files = files = WorkerFiles(folder, self._pid)
        self._requests: dict[tuple[str, int], Value] = {}
        self._request_seconds: dict[str, Histogram] = {}
        self._decisions: dict[tuple[str, str, str, Outcome], Value] = {}
        self._domain: dict[tuple[str, str, str], Value] = {}
        self._located: dict[tuple[str, str, str], Value] = {}
        self._models: dict[str, ModelValues] = {}
        self._refused = {reason: files.value(families.REFUSED, reason) for reason in reasons}
        self._depth = files.value(families.QUEUE_DEPTH)
        self._queued = files.histogram(families.QUEUE_SECONDS)
        self._batch = files.histogram(families.BATCH_IMAGES)
        self._decoded = files.histogram(families.DECODE_SECONDS)
        self._inferred = files.histogram(families.INFERENCE_SECONDS)
        files.value(families.WORKERS).set(1)
        files.value(families.WORKER_START).set(time.time())

    @property
    def folder(self) -> Path:
        """The folder of all workers' metrics."""
        return self._folder

    @property
    def baselines(self) -> Mapping[str, tuple[Manifest, DriftBaseline]]:
        """The served models with their drift baselines, by name."""
        return {name: (m.manifest, m.baseline) for name, m in self._models.items()}

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Record an answered request; `route` is from a bounded set, whatever the client sent."""
        requests = self._requests.get((route, status))
        if requests is None:
            requests = self._files.value(families.REQUESTS, route, str(status))
            self._requests[route, status] = requests
            self._request_seconds[route] = self._files.histogram(families.REQUEST_SECONDS, route)
        requests.add()
        self._request_seconds[route].observe(seconds)

    def refused(self, reason: str) -> None:
        """Record a request that was answered with a problem of this type."""
        if reason not in self._refused:
            self._refused[reason] = self._files.value(families.REFUSED, reason)
        self._refused[reason].add()

    def waiting(self, depth: int) -> None:
        """Record the number of waiting jobs, if it has changed."""
        if depth != self._depth.current:
            self._depth.set(depth)

    def waited(self, seconds: float) -> None:
        """Record the time that a job waited for a runner."""
        self._queued.observe(seconds)

    def decoded(self, seconds: float) -> None:
        """Record the time to decode a job's images."""
        self._decoded.observe(seconds)

    def inferred(self, seconds: float, images: int) -> None:
        """Record the time of one run of a model, and its number of images."""
        self._inferred.observe(seconds)
        self._batch.observe(images)

    def decided(self, manifest: Manifest, route: str, counts: Mapping[Outcome, int]) -> None:
        """Record decisions: the number of each outcome."""
        for outcome, count in counts.items():
            if count:
                self._decision(manifest, route, outcome).add(count)

    def checked(self, manifest: Manifest, domain: DomainResult) -> None:
        """Record the domain check of the images of a request."""
        if domain.status is DomainStatus.UNKNOWN:
            self._checked(manifest, DomainStatus.UNKNOWN).add(domain.images)
            return
        out = len(domain.out)
        for status, count in ((DomainStatus.IN, domain.images - out), (DomainStatus.OUT, out)):
            if count:
                self._checked(manifest, status).add(count)

    def located(self, manifest: Manifest, result: Search) -> None:
        """Record the search in an image."""
        self._searched(manifest, result).add()

    def measured(self, manifest: Manifest, energy: float) -> None:
        """Record the energy of a pair of images."""
        values = self._models.get(manifest.name)
        if values is None or values.manifest is not manifest:
            return  # The model is being replaced.
        values.energy.observe(energy)
        values.recent.count(bisect_left(values.baseline.bounds, energy))

    def serves(self, manifests: Iterable[Manifest]) -> None:
        """Replace the served models; the recent energies of new ones start at 0."""
        before = self._models
        self._models = {manifest.name: self._model_values(manifest) for manifest in manifests}
        still = {(m.name, m.version) for m in (c.manifest for c in self._models.values())}
        for values in before.values():
            if (values.manifest.name, values.manifest.version) not in still:
                values.info.set(0)

    def close(self) -> None:
        """Close the files, and remove the gauges."""
        self._files.close()
        remove_gauges(self._folder, self._pid)

    def _decision(self, manifest: Manifest, route: str, outcome: Outcome) -> Value:
        key = (manifest.name, manifest.version, route, outcome)
        if key not in self._decisions:
            self._decisions[key] = self._files.value(families.DECISIONS, *key)
        return self._decisions[key]

    def _checked(self, manifest: Manifest, status: DomainStatus) -> Value:
        key = (manifest.name, manifest.version, status.value)
        if key not in self._domain:
            self._domain[key] = self._files.value(families.DOMAIN, *key)
        return self._domain[key]

    def _searched(self, manifest: Manifest, result: Search) -> Value:
        key = (manifest.name, manifest.version, result.value)
        if key not in self._located:
            self._located[key] = self._files.value(families.LOCATED, *key)
        return self._located[key]

    def _model_values(self, manifest: Manifest) -> ModelValues:
        current = self._models.get(manifest.name)
        if current is not None and current.manifest is manifest:
            return current
        baseline = baseline_of(manifest.calibration)
        of = (manifest.name, manifest.version)
        bins = [
            self._files.value(families.RECENT, *of, baseline.calibration, str(position))
            for position in range(len(baseline.genuine))
        ]
        graph = manifest.onnx
        of_graph = (manifest.kind, manifest.metric, graph.sha256, graph.precision or "")
        info = self._files.value(families.MODEL_INFO, *of, *of_graph)
        info.set(1)
        for status in DomainStatus:
            self._checked(manifest, status)  # Starts at 0: a first value does not count as a rise.
        for result in Search if manifest.locator is not None else ():
            self._searched(manifest, result)
        energy = self._files.histogram(replace(families.ENERGY, bounds=baseline.bounds), *of)
        return ModelValues(manifest, baseline, energy, RecentCounts(bins), info)
