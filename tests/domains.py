"""Domain checks for the tests, without a training."""

from pathlib import Path

import numpy as np

from model.bundle import Bundle, open_bundle, sha256, write_bundle
from model.domain import Quadratic, embedding_numbers
from model.manifest import DomainCheck, Kind, Manifest
from model.pixel_statistics import PixelStatistics
from model.schema.domain import DomainPart, ScoreTable
from tests import fakes

ORDINARY = 200
"""Images that the domain of `make_domain` is of."""


def ordinary_images(spec=fakes.SPEC, count=ORDINARY):
    """Images that are in the domain of `make_domain`: two takes of each of many identities."""
    size = (spec.width, spec.height)
    modes = {1: "L", 3: "RGB"}
    return np.stack(
        [
            np.asarray(fakes.image_of(i // 2, i % 2, size).convert(modes[spec.channels])).reshape(
                spec.height, spec.width, spec.channels
            )
            for i in range(count)
        ]
    )


def make_domain(manifest: Manifest, graph: bytes) -> tuple[Manifest, bytes]:
    """Give a manifest of a fake bundle a domain check of the ordinary images; returns its file.

    Each score is the mean of the squares of the numbers in standard deviations.
    """
    images = ordinary_images(manifest.input)
    rows = [PixelStatistics(manifest.input)(images)]
    if manifest.kind is not Kind.PAIR:
        rows.insert(0, embedding_numbers(fakes.run_reference(graph, images), manifest.kind))
    fitted = [_mean_square(numbers) for numbers in rows]
    scores = [quadratic.scores(numbers) for quadratic, numbers in zip(fitted, rows, strict=True)]
    parts = [
        DomainPart(features=numbers.shape[1], subtracted=0, added=0, table=_table(score))
        for numbers, score in zip(rows, scores, strict=True)
    ]
    data = b"".join(quadratic.numbers().astype("<f4").tobytes() for quadratic in fitted)
    check = DomainCheck(
        sha256=sha256(data),
        bytes=len(data),
        images=len(images),
        identities=len(images) // 2,
        embedding=parts[0] if len(parts) > 1 else None,
        pixels=parts[-1],
        both=_table(np.max(scores, axis=0)) if len(parts) > 1 else None,
    )
    return manifest.model_copy(update={"domain": check, "schema_version": 2}), data


def make_bundle_with_domain(models_dir: Path, name="tiny", kind=Kind.ENCODER, **choices) -> Path:
    """Write a bundle as `fakes.make_bundle` or `make_pair_bundle`, with a domain check."""
    if kind is Kind.PAIR:
        folder = fakes.make_pair_bundle(models_dir, name, **choices)
    else:
        folder = fakes.make_bundle(models_dir, name, kind, **choices)
    add_domain(folder)
    return folder


def add_domain(folder: Path) -> Bundle:
    """Give a fake bundle on disk a domain check; returns it as it is opened."""
    bundle = open_bundle(folder)
    manifest, data = make_domain(bundle.manifest, bundle.onnx)
    write_bundle(folder, manifest, bundle.onnx, split=bundle.split, domain=data)
    return open_bundle(folder)


def _mean_square(rows) -> Quadratic:
    spread = rows.std(axis=0)
    scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-6)
    none = np.empty((0, rows.shape[1]), dtype=np.float32)
    shares = np.full_like(scale, 1 / len(scale))
    return Quadratic(0.0, rows.mean(axis=0), scale, np.zeros_like(scale), shares, none, none)


def _table(scores) -> ScoreTable:
    values, last = np.unique(scores, return_counts=True)
    return ScoreTable(scores=tuple(values.tolist()), counts=tuple(np.cumsum(last).tolist()))
