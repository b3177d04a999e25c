"""Drawn people, and the identification rates that are measured on some of them, for tests."""

import numpy as np

from model.manifest import (
    GalleryRates,
    Identification,
    IdentificationPoint,
    IdentificationRates,
    Metric,
)
from tests import fakes
from training.metrics.identification.fnir import FnirTable
from training.metrics.identification.fpir import FpirTable
from training.metrics.identification.searches import search
from training.metrics.pairs import all_pairs

SIZES = (1, 10, 20)
_SPREAD = 0.35


def draw_people(count, images, seed):
    """Embeddings of length 1, (count * images, DIM), of people, and their labels."""
    rng = np.random.default_rng(seed)
    persons = rng.standard_normal((count, 1, fakes.DIM))
    rows = persons + _SPREAD * rng.standard_normal((count, images, fakes.DIM))
    rows = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return rows.reshape(-1, fakes.DIM), np.repeat(np.arange(count), images)


def measure(people=150, images=3):
    """Identification as a bundle has it: thresholds of some drawn people, rates of others."""
    chosen, kept = (search(*draw_people(people, images, seed), Metric.L2) for seed in (1, 2))
    missed = FnirTable(all_pairs(*draw_people(people, images, 2), Metric.L2))
    thresholds = fakes.make_figures()[1].curve.thresholds
    tables = [FpirTable(kept, size) for size in SIZES]
    fnir = [missed.fnir(each) for each in thresholds]
    return Identification(
        people=people,
        points=tuple(_point(chosen, table, missed, 0.1) for table in tables),
        galleries=tuple(_gallery(table, thresholds) for table in tables),
        fnir=tuple(rate for rate, _ in fnir),
        fnir_intervals=tuple(interval for _, interval in fnir),
    )


def _point(chosen, table, missed, target):
    threshold = chosen.threshold(table.size, target)
    fpir, (fnir, fnir_interval) = table.fpir(threshold), missed.fnir(threshold)
    return IdentificationPoint(
        gallery_size=table.size,
        target_fpir=target,
        threshold=threshold,
        independent_probes=100,
        supported=True,
        test=IdentificationRates(
            fpir=fpir.rate, fpir_interval=fpir.interval, fnmr=fnir, fnmr_interval=fnir_interval
        ),
    )


def _gallery(table, thresholds):
    found = [table.fpir(each) for each in thresholds]
    return GalleryRates(
        gallery_size=table.size,
        fpir=tuple(each.rate for each in found),
        fpir_intervals=tuple(each.interval for each in found),
    )
