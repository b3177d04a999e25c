"""Measures a bundle: the ONNX graph itself, through ONNX Runtime, on people it has not seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.bundle import Bundle, identity_digest
from model.manifest import Accuracy, Benchmark, ErrorRates, InputSpec, Manifest
from training.bounding import bounded
from training.comparing import Comparer, graph_comparer
from training.data.decoding import decode
from training.data.image_set import ImageSet, OfficialPair
from training.errors import DataError
from training.measurement.calibration import measure
from training.measurement.pairs import PairEnergies
from training.measurement.rates import RateTable
from training.measurement.verification import ten_fold_accuracy

_IMAGES_PER_IDENTITY = 10
"""Where a bundle's config does not say."""


@dataclass(frozen=True)
class Meter:
    """A graph with what is needed to compare images by it.

    Attributes:
        comparer: The graph and its energy.
        spec: Its input.
        images_per_identity: The most images of one identity that are measured.
    """

    comparer: Comparer
    spec: InputSpec
    images_per_identity: int

    def pairs(self, images: ImageSet) -> PairEnergies:
        """The pairs of the images, at most so many of one identity.

        Raises:
            DataError: No genuine or no impostor pairs.
        """
        decoded = decode(bounded(images, self.images_per_identity), self.spec)
        return self.comparer.pairs(decoded.pixels, decoded.source.labels())

    def benchmark(self, images: ImageSet, name: str, listed: tuple[OfficialPair, ...]) -> Benchmark:
        """The ten-fold accuracy on a published list of pairs.

        Raises:
            DataError: An image of the list cannot be read.
        """
        wanted = {name for left, right, _ in listed for name in (left, right)}
        chosen = ImageSet(images.name, tuple(image for image in images if image.name in wanted))
        decoded = decode(chosen, self.spec)
        row = {image.name: i for i, image in enumerate(decoded.source)}
        if lost := wanted - row.keys():
            raise DataError(f"{name}: {len(lost)} of its images cannot be read")
        left = np.array([row[name] for name, _, _ in listed])
        right = np.array([row[name] for _, name, _ in listed])
        energies = self.comparer.energies(decoded.pixels, left, right)
        accuracy, error = ten_fold_accuracy(energies, np.array([same for *_, same in listed]))
        return Benchmark(
            name=name,
            measure="accuracy, ten-fold best threshold",
            value=accuracy,
            standard_error=error,
            pairs=len(listed),
        )


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        same_data: Whether this is the very data set that the bundle was calibrated on.
        left_out: How many identities of other data bear the name of one that the bundle has seen.
        accuracy: As in a manifest, measured anew.
        points: Each operating point's target FMR and threshold, with the rates found here.
        pairs: Behind it all, for plots.
    """

    bundle: Bundle
    data: str
    same_data: bool
    left_out: int
    accuracy: Accuracy
    points: tuple[tuple[float | None, float, ErrorRates], ...]
    pairs: PairEnergies


def evaluate(
    bundle: Bundle,
    images: ImageSet,
    images_per_identity: int | None = None,
    *,
    include_known_names: bool = False,
) -> Evaluation:
    """Measure a bundle on the identities of a data set that its training has not seen.

    Args:
        bundle: Opened, so checked.
        images: The data set.
        images_per_identity: The most images of one identity; None for what the bundle's own figures
            were measured on.
        include_known_names: On other data than the bundle's own, measure identities too that bear
            the name of one it has seen: for sets that merely number their identities alike.

    Raises:
        DataError: Nobody is left, or too few to make pairs.
    """
    manifest = bundle.manifest
    limit = images_per_identity or _as_measured_before(manifest)
    meter = Meter(graph_comparer(bundle.onnx, manifest.metric), manifest.input, limit)
    same_data = images.fingerprint() == manifest.provenance.data_sha256
    if include_known_names and not same_data:
        unseen = images.identities
    else:
        unseen = unseen_identities(bundle, images, same_data=same_data)
    pairs = meter.pairs(images.of(unseen))
    table = RateTable(pairs)
    protocol = protocol_of(images.name, unseen, pairs, limit)
    ratio = manifest.calibration.likelihood_ratio
    return Evaluation(
        bundle=bundle,
        data=images.name,
        same_data=same_data,
        left_out=0 if same_data else len(images.identities) - len(unseen),
        accuracy=measure(pairs, ratio, protocol, tuple(benchmarks(meter, images, set(unseen)))),
        points=tuple(
            (point.target_fmr, point.threshold, table.rates(point.threshold))
            for point in manifest.calibration.operating_points
        ),
        pairs=pairs,
    )


def unseen_identities(bundle: Bundle, images: ImageSet, *, same_data: bool) -> tuple[str, ...]:
    """The identities to measure on.

    Of the bundle's own data its test part; of other data all but those that bear the name of one
    that the bundle was trained or calibrated on.

    Raises:
        DataError: The bundle was trained or calibrated on every name here.
    """
    if bundle.split is None:
        return images.identities
    digests = {identity: identity_digest(identity) for identity in images.identities}
    if same_data:
        return tuple(i for i, digest in digests.items() if digest in bundle.split.test)
    seen = bundle.split.train | bundle.split.calibration
    unseen = tuple(i for i, digest in digests.items() if digest not in seen)
    if not unseen:
        raise DataError(
            f"{images.name}: the bundle has seen every name here; bring other data or, where names "
            "are alike by chance, use --include-known-names"
        )
    return unseen


def benchmarks(meter: Meter, images: ImageSet, unseen: set[str]) -> Iterator[Benchmark]:
    """The data set's own protocols, where every identity in them is unseen."""
    owner = {image.name: image.identity for image in images}
    for name, listed in images.official_pairs.items():
        people = {owner[image] for left, right, _ in listed for image in (left, right)}
        if people <= unseen:
            yield meter.benchmark(images, name, listed)


def protocol_of(
    data: str, identities: tuple[str, ...], pairs: PairEnergies, images_per_identity: int
) -> str:
    """A sentence that says what was measured."""
    compared = "all pairs" if pairs.are_all else "pairs drawn by a seed"
    return (
        f"{compared} among {pairs.images} images of the {len(identities)} test identities of "
        f"{data}, at most {images_per_identity} images of one identity; none of them was trained "
        "or calibrated on"
    )


def _as_measured_before(manifest: Manifest) -> int:
    """How many images of one identity the manifest's own figures were measured on at most."""
    config = json.loads(manifest.provenance.config_json)
    return int(config.get("images_per_identity", _IMAGES_PER_IDENTITY))
