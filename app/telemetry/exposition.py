"""The numbers of all workers as one, and what follows from them, in Prometheus's text format."""

from __future__ import annotations

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
from app.telemetry.folder import forget_the_dead
from app.telemetry.values import Family
from model.manifest import Manifest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

References = Mapping[str, tuple[Manifest, DriftBaseline]]


def exposition(folder: Path, references: References) -> bytes:
    """What `GET /metrics` answers.

    Args:
        folder: Where every worker's numbers are.
        references: The models that are served, with their calibrations, by name.
    """
    forget_the_dead(folder)
    registry = CollectorRegistry()
    registry.register(_Workers(folder, references))
    return generate_latest(registry)


class _Workers(Collector):
    """The sums over the workers; in place of their recent energies, the drift that they show."""

    def __init__(self, folder: Path, references: References) -> None:
        self._folder, self._references = folder, references

    def describe(self) -> Iterable[Metric]:
        """Nothing before it is collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family, summed when it is asked for."""
        sums = MultiProcessCollector(None, str(self._folder))
        for family in sums.collect():
            if family.name == families.RECENT.name:
                yield from _drift(family, self._references)
            else:
                yield family


def _drift(recent: Metric, references: References) -> Iterator[Metric]:
    psi, decisions, share = (
        _gauge(family) for family in (families.PSI, families.PSI_DECISIONS, families.GENUINE_SHARE)
    )
    for manifest, reference in references.values():
        of = [manifest.name, manifest.version]
        counts = _counts(recent, manifest, reference)
        decisions.add_metric(of, counts.sum())
        drift = measure_drift(counts, reference)
        if drift is not None:
            psi.add_metric(of, drift.psi)
            share.add_metric(of, drift.genuine_share)
    yield from (psi, decisions, share)


def _gauge(family: Family) -> GaugeMetricFamily:
    return GaugeMetricFamily(family.name, family.text, labels=family.labels)


def _counts(recent: Metric, manifest: Manifest, reference: DriftBaseline) -> Counts:
    """The recent energies in each bin of the reference, over all workers."""
    counts = np.zeros(len(reference.genuine))
    of = (manifest.name, manifest.version, reference.calibration)
    for sample in recent.samples:
        if tuple(sample.labels[name] for name in families.RECENT.labels[:3]) == of:
            counts[int(sample.labels["bin"])] += sample.value
    return counts
