"""Measurement of a bundle on samples unlike its own data, with and without what its check flags."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.domain import Domain
from model.manifest import LikelihoodRatio
from model.scoring import Vectors
from training.data.decoding import decode
from training.errors import DataError
from training.inference.comparer import Comparer, EmbeddingComparer, graph_comparer
from training.inference.locating import locator_of
from training.inference.self_check import check_graph
from training.metrics.pairs import PairEnergies, all_pairs
from training.metrics.rates import RateTable
from training.metrics.reliability import reliability
from training.runs import provenance
from training.trust.record import RatioBin, Real, Row, TrustRecord
from training.trust.samples import Sample

_WIDTH = 1.0
"""Width of a bin of likelihood ratios, in log10."""


@dataclass(frozen=True)
class _Compared:
    """Decoded images of a sample with their embeddings, None of a pair model."""

    comparer: Comparer
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    embeddings: Vectors | None

    def pairs(self, chosen: NDArray[np.bool_]) -> PairEnergies:
        """Compare the chosen images, (images,).

        Raises:
            DataError: They make no genuine or no impostor pair.
        """
        if self.embeddings is None:
            return self.comparer.pairs(self.pixels[chosen], self.labels[chosen])
        metric = self.comparer.metric
        return all_pairs(self.embeddings[chosen], self.labels[chosen], metric)


class TrustMeter:
    """A bundle that samples are measured with."""

    def __init__(self, bundle: Bundle) -> None:
        check_graph(bundle)
        self._bundle = bundle
        self._comparer = graph_comparer(bundle.onnx, bundle.manifest.metric)
        self._domain = Domain.of(bundle)
        self._locator = locator_of(bundle)

    def record(self, samples: Iterable[Sample], max_images: int, seed: int) -> TrustRecord:
        """Measure some samples, of at most `max_images` images, drawn by a seed."""
        manifest = self._bundle.manifest
        point = manifest.calibration.default_point
        found = {sample.name: self._attempt(sample) for sample in samples}
        return TrustRecord(
            bundle=manifest.name,
            version=manifest.version,
            sha256=manifest.onnx.sha256,
            has_check=self._domain is not None,
            threshold=point.threshold,
            quoted=point.test,
            seed=seed,
            max_images=max_images,
            command=provenance.command(),
            git_revision=provenance.git_revision(),
            libraries=provenance.libraries(),
            rows=tuple(row for row in found.values() if row is not None),
            refused=tuple(name for name, row in found.items() if row is None),
        )

    def _attempt(self, sample: Sample) -> Row | None:
        """Measure a sample; None where a locator finds too little in it for pairs."""
        try:
            return self.measure(sample)
        except DataError:
            if self._locator is None:
                raise
            return None

    def measure(self, sample: Sample) -> Row:
        """Measure all pairs of a sample, and those that the domain check does not flag.

        Raises:
            DataError: The sample has no genuine or no impostor pair.
        """
        decoded = decode(sample.images, self._bundle.manifest.input, self._locator)
        pixels = decoded.pixels
        embeddings = None
        if isinstance(self._comparer, EmbeddingComparer):
            embeddings = self._comparer.embed(pixels)
        compared = _Compared(self._comparer, pixels, decoded.source.labels(), embeddings)
        out = self._flagged(pixels, embeddings)
        inside = np.ones(len(pixels), dtype=bool) if out is None else ~out
        every = self._real(compared, np.ones(len(pixels), dtype=bool))
        return Row(
            data=sample.data,
            is_own=sample.is_own,
            corruption=sample.corruption,
            shows_identity=sample.shows_identity,
            identities=len(decoded.source.identities),
            images_out=None if out is None else float(out.mean()),
            pairs_out=None if out is None else 1 - _pairs(int(inside.sum())) / _pairs(len(pixels)),
            every=every,
            answered=every if inside.all() else self._answered(compared, inside),
        )

    def _flagged(
        self, pixels: NDArray[np.uint8], embeddings: Vectors | None
    ) -> NDArray[np.bool_] | None:
        """Images that are out of the domain, (images,); None where there is no check."""
        if self._domain is None:
            return None
        return self._domain.is_out(self._domain.percentiles(pixels, embeddings))

    def _answered(self, compared: _Compared, inside: NDArray[np.bool_]) -> Real | None:
        if not inside.any():
            return None
        try:
            return self._real(compared, inside)
        except DataError:  # Those left make pairs of one kind only, or none.
            return None

    def _real(self, compared: _Compared, chosen: NDArray[np.bool_]) -> Real:
        calibration = self._bundle.manifest.calibration
        pairs = compared.pairs(chosen)
        return Real(
            images=pairs.images,
            genuine=len(pairs.genuine),
            impostor=len(pairs.impostor),
            rates=RateTable(pairs).rates(calibration.default_point.threshold),
            ratios=_ratio_bins(pairs, calibration.likelihood_ratio),
        )


def _ratio_bins(pairs: PairEnergies, ratio: LikelihoodRatio) -> tuple[RatioBin, ...]:
    return tuple(
        RatioBin(
            low=found.low,
            high=found.high,
            claimed=found.claimed,
            actual=_finite(found.actual),
            interval=(_finite(found.interval[0]), _finite(found.interval[1])),
            genuine=found.genuine,
            impostor=found.impostor,
        )
        for found in reliability(pairs, ratio, _WIDTH)
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pairs(images: int) -> int:
    return images * (images - 1) // 2
