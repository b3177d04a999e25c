"""One worker's numbers, as they happen. Safe to use from several threads at once."""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.telemetry import families
from app.telemetry.drift_baseline import DriftBaseline, baseline_of
from app.telemetry.folder import forget_gauges
from app.telemetry.values import Histogram, Value, WorkerFiles
from app.telemetry.window import RecentCounts
from model.manifest import Manifest

SAME, DIFFERENT = "same", "different"


@dataclass(frozen=True)
class ModelValues:
    """What is counted of one model."""

    manifest: Manifest
    reference: DriftBaseline
    energy: Histogram
    recent: RecentCounts
    info: Value


class Recorder:
    """Writes the numbers of this process into its files."""

    def __init__(self, folder: Path, reasons: Iterable[str] = ()) -> None:
        """Open the files.

        Args:
            folder: That of all workers.
            reasons: For which a request can be refused; each begins at 0, for a counter that is
                first seen at 1 has not risen.
        """
        self._folder, self._pid = folder, os.getpid()
        forget_gauges(folder, self._pid)  # of one that ended, and had this number before us
        self._files = files = WorkerFiles(folder, self._pid)
        self._requests: dict[tuple[str, int], Value] = {}
        self._request_seconds: dict[str, Histogram] = {}
        self._decisions: dict[tuple[str, str, str, bool], Value] = {}
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
        """Where the numbers of all workers are."""
        return self._folder

    @property
    def references(self) -> Mapping[str, tuple[Manifest, DriftBaseline]]:
        """The models that are served, by name."""
        return {name: (m.manifest, m.reference) for name, m in self._models.items()}

    def requested(self, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is one of a bounded set, whatever the client sent."""
        requests = self._requests.get((route, status))
        if requests is None:
            requests = self._files.value(families.REQUESTS, route, str(status))
            self._requests[route, status] = requests
            self._request_seconds[route] = self._files.histogram(families.REQUEST_SECONDS, route)
        requests.add()
        self._request_seconds[route].observe(seconds)

    def refused(self, reason: str) -> None:
        """A request was answered with a problem of that type."""
        if reason not in self._refused:
            self._refused[reason] = self._files.value(families.REFUSED, reason)
        self._refused[reason].add()

    def waiting(self, depth: int) -> None:
        """So many jobs wait; written where it differs from what was said last."""
        if depth != self._depth.current:
            self._depth.set(depth)

    def waited(self, seconds: float) -> None:
        """A job has waited so long for a thread."""
        self._queued.observe(seconds)

    def decoded(self, seconds: float) -> None:
        """A job's images took so long to decode."""
        self._decoded.observe(seconds)

    def inferred(self, seconds: float, images: int) -> None:
        """One run of a model took so long, for so many images."""
        self._inferred.observe(seconds)
        self._batch.observe(images)

    def decided(self, manifest: Manifest, route: str, *, same: int, different: int) -> None:
        """So many decisions were made."""
        for outcome, count in ((True, same), (False, different)):
            if count:
                self._decision(manifest, route, same=outcome).add(count)

    def measured(self, manifest: Manifest, energy: float) -> None:
        """The energy of two images that a caller asked about."""
        values = self._models.get(manifest.name)
        if values is None or values.manifest is not manifest:
            return  # of a model that is being replaced
        values.energy.observe(energy)
        values.recent.count(bisect_left(values.reference.bounds, energy))

    def serves(self, manifests: Iterable[Manifest]) -> None:
        """From now on these models are served, and no other; their recent energies begin anew."""
        before = self._models
        self._models = {manifest.name: self._model_values(manifest) for manifest in manifests}
        still = {(m.name, m.version) for m in (c.manifest for c in self._models.values())}
        for values in before.values():
            if (values.manifest.name, values.manifest.version) not in still:
                values.info.set(0)

    def close(self) -> None:
        """Close the files, and say nothing of the present any more."""
        self._files.close()
        forget_gauges(self._folder, self._pid)

    def _decision(self, manifest: Manifest, route: str, *, same: bool) -> Value:
        key = (manifest.name, manifest.version, route, same)
        if key not in self._decisions:
            outcome = SAME if same else DIFFERENT
            self._decisions[key] = self._files.value(families.DECISIONS, *key[:3], outcome)
        return self._decisions[key]

    def _model_values(self, manifest: Manifest) -> ModelValues:
        kept = self._models.get(manifest.name)
        if kept is not None and kept.manifest is manifest:
            return kept
        reference = baseline_of(manifest.calibration)
        of = (manifest.name, manifest.version)
        bins = [
            self._files.value(families.RECENT, *of, reference.calibration, str(position))
            for position in range(len(reference.genuine))
        ]
        info = self._files.value(
            families.MODEL_INFO, *of, manifest.kind, manifest.metric, manifest.onnx.sha256
        )
        info.set(1)
        energy = self._files.histogram(replace(families.ENERGY, bounds=reference.bounds), *of)
        return ModelValues(manifest, reference, energy, RecentCounts(bins), info)
