"""Measure the time of a domain check alone, and right after the graph has run, for two images.

    python -m scripts.measures.domain_in_place model/bundles/faces-crops ../shared/data

Pictures of LFW are decoded, embedded and checked in turn, as a runner does with a batch of eight
requests, for several numbers of images that the statistics are computed of together.
"""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.payloads.pictures import make_pictures
from model import pixel_statistics
from model.bundle import open_bundle
from model.domain import Domain
from model.preprocessing import preprocess
from training.inference.onnx_runtime import OnnxEncoder

REQUESTS, IMAGES, ROUNDS = 8, 2, 60
TOGETHER = (4, 8, 16, 32)


def main(folder: Path, data: Path) -> None:
    """Print the microseconds of two images."""
    bundle = open_bundle(folder)
    domain, encoder, spec = Domain.of(bundle), OnnxEncoder(bundle.onnx), bundle.manifest.input
    if domain is None:
        sys.exit(f"{folder} has no domain check")
    files = make_pictures("lfw", REQUESTS * IMAGES, data).files
    pixels = np.stack([preprocess(file, spec) for file in files])
    embeddings = encoder.embed(pixels)

    def check() -> None:
        domain.percentiles(pixels, embeddings)

    def others() -> None:
        for file in files:
            preprocess(file, spec)
        encoder.embed(pixels)

    for together in TOGETHER:
        vars(pixel_statistics)["_AT_A_TIME"] = together
        alone, in_place = _times(check, lambda: None), _times(check, others)
        print(f"{together} images together: {alone:.0f} us alone, {in_place:.0f} us in place")


def _times(check: Callable[[], None], before: Callable[[], None]) -> float:
    spent = []
    for _ in range(ROUNDS):
        before()
        began = perf_counter()
        check()
        spent.append(perf_counter() - began)
    return 1e6 * statistics.median(spent) / REQUESTS


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
