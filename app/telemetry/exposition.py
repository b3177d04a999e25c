"""Metrics of all workers together, with the drift, in Prometheus's text format."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.telemetry import families
from app.telemetry.drift import Counts, measure_drift
from app.telemetry.drift_baseline import DriftBaseline
from app.telemetry.folder import remove_dead_gauges
from app.telemetry.values import Family
from model.manifest import Manifest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Baselines = Mapping[str, tuple[Manifest, DriftBaseline]]


def exposition(folder: Path, baselines: Baselines) -> bytes:
    """Return the answer of `GET /metrics`.

    Args:
        folder: The folder of all workers' metrics.
        baselines: The served models with their drift baselines, by name.
    """
    remove_dead_gauges(folder)
    registry = CollectorRegistry()
    registry.register(_Workers(folder, baselines))
    return generate_latest(registry)


class _Workers(Collector):
    """Collector of the sums over the workers, with the drift in place of the recent energies."""

    def __init__(self, folder: Path, baselines: Baselines) -> None:
        self._folder, self._baselines = folder, baselines

    def describe(self) -> Iterable[Metric]:
        """Describe nothing before it is collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Sum every family over the workers."""
        sums = MultiProcessCollector(None, str(self._folder))
        for family in sums.collect():
            if family.name == families.RECENT.name:
                yield from _drift(family, self._baselines)
            else:
                yield family


def _drift(recent: Metric, baselines: Baselines) -> Iterator[Metric]:
    psi, decisions, share = (
        _gauge(family) for family in (families.PSI, families.PSI_DECISIONS, families.GENUINE_SHARE)
    )
    for manifest, baseline in baselines.values():
        of = [manifest.name, manifest.version]
        counts = _counts(recent, manifest, baseline)
        decisions.add_metric(of, counts.sum())
        drift = measure_drift(counts, baseline)
        if drift is not None:
            psi.add_metric(of, drift.psi)
            share.add_metric(of, drift.genuine_share)
    yield from (psi, decisions, share)


def _gauge(family: Family) -> GaugeMetricFamily:
    return GaugeMetricFamily(family.name, family.text, labels=family.labels)


def _counts(recent: Metric, manifest: Manifest, baseline: DriftBaseline) -> Counts:
    """Count the recent energies in each bin of the baseline, over all workers."""
    counts = np.zeros(len(baseline.genuine))
    of = (manifest.name, manifest.version, baseline.calibration)
    for sample in recent.samples:
        if tuple(sample.labels[name] for name in families.RECENT.labels[:3]) == of:
            counts[int(sample.labels["bin"])] += sample.value
    return counts
