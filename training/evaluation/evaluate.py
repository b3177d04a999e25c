"""Measures a bundle: the ONNX graph itself, through ONNX Runtime, on people it has not seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from model.bundle import Bundle, Split, identity_digest
from model.manifest import (
    Accuracy,
    Benchmark,
    Calibration,
    ErrorRates,
    InputSpec,
    Manifest,
    SplitBy,
)
from training.data.decoding import decode
from training.data.image_set import ImageSet, OfficialPair
from training.data.subsample import bounded
from training.errors import DataError
from training.inference.comparer import Comparer, graph_comparer
from training.metrics.calibration import calibrate, measure
from training.metrics.pairs import PairEnergies
from training.metrics.rates import RateTable
from training.metrics.verification import ten_fold_accuracy

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
        source = decoded.source
        return self.comparer.pairs(decoded.pixels, source.labels(), source.listed_rows())

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
        left_out: How many identities (of a closed set: images) of other data bear the name of one
            that the bundle has seen.
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
    limit = images_per_identity or as_measured_before(manifest)
    meter = Meter(graph_comparer(bundle.onnx, manifest.metric), manifest.input, limit)
    fingerprint = images.fingerprint()
    same_data = fingerprint == _calibrated_on(manifest)
    unseen = measurable_images(bundle, images, fingerprint, include_known_names=include_known_names)
    pairs = meter.pairs(unseen)
    table = RateTable(pairs)
    protocol = protocol_of(unseen, pairs, limit, manifest.split_by)
    ratio = manifest.calibration.likelihood_ratio
    return Evaluation(
        bundle=bundle,
        data=images.name,
        same_data=same_data,
        left_out=0 if same_data else _left_out(images, unseen, manifest.split_by),
        accuracy=measure(pairs, ratio, protocol, tuple(benchmarks(meter, images, unseen))),
        points=tuple(
            (point.target_fmr, point.threshold, table.rates(point.threshold))
            for point in manifest.calibration.operating_points
        ),
        pairs=pairs,
    )


def measurable_images(
    bundle: Bundle, images: ImageSet, fingerprint: str, *, include_known_names: bool
) -> ImageSet:
    """The images of a data set that a bundle may be measured or calibrated on.

    Args:
        bundle: Of which it depends.
        images: The data set.
        fingerprint: Of the data set.
        include_known_names: Names that are alike are alike by chance; not believed of the data
            that the bundle was made from.

    Raises:
        DataError: The bundle was trained or calibrated on every name here.
    """
    if include_known_names and fingerprint not in _own_data(bundle.manifest):
        return images
    return unseen_images(bundle, images, same_data=fingerprint == _calibrated_on(bundle.manifest))


def unseen_images(bundle: Bundle, images: ImageSet, *, same_data: bool) -> ImageSet:
    """The images to measure on: of unseen identities, or themselves unseen (a closed set).

    Raises:
        DataError: The bundle was trained or calibrated on every name here.
    """
    if bundle.manifest.split_by is SplitBy.IDENTITY or bundle.split is None:
        return images.of(unseen_identities(bundle, images, same_data=same_data))
    digests = {image.name: identity_digest(image.name) for image in images}
    return images.only(_unseen(bundle.split, digests, same_data=same_data, data=images.name))


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
    return _unseen(bundle.split, digests, same_data=same_data, data=images.name)


def _unseen(
    split: Split, digests: Mapping[str, str], *, same_data: bool, data: str
) -> tuple[str, ...]:
    """The names that were not seen, of names with their digests."""
    if same_data:
        return tuple(name for name, digest in digests.items() if digest in split.test)
    seen = split.train | split.calibration
    unseen = tuple(name for name, digest in digests.items() if digest not in seen)
    if not unseen:
        raise DataError(
            f"{data}: the bundle has seen every name here; bring other data or, where names "
            "are alike by chance, use --include-known-names"
        )
    return unseen


def _left_out(images: ImageSet, unseen: ImageSet, by: SplitBy) -> int:
    if by is SplitBy.IMAGE:
        return len(images) - len(unseen)
    return len(images.identities) - len(unseen.identities)


def benchmarks(meter: Meter, images: ImageSet, unseen: ImageSet) -> Iterator[Benchmark]:
    """The data set's own protocols, where every image in them is unseen."""
    names = {image.name for image in unseen}
    for name, listed in images.official_pairs.items():
        if {image for left, right, _ in listed for image in (left, right)} <= names:
            yield meter.benchmark(images, name, listed)


def calibrated(
    meter: Meter, images: ImageSet, chosen_on: ImageSet, unseen: ImageSet, by: SplitBy
) -> tuple[Calibration, Accuracy]:
    """Choose operating points on some images and measure them on others.

    Args:
        meter: The graph.
        images: The whole data set, whose own protocols are measured where all of it is unseen.
        chosen_on: What the operating points are chosen on.
        unseen: What they are measured on.
        by: Whether identities or images are unseen.

    Raises:
        DataError: No genuine or no impostor pairs in either.
    """
    test = meter.pairs(unseen)
    calibration = calibrate(meter.pairs(chosen_on), test)
    protocol = protocol_of(unseen, test, meter.images_per_identity, by)
    listed = tuple(benchmarks(meter, images, unseen))
    return calibration, measure(test, calibration.likelihood_ratio, protocol, listed)


def protocol_of(
    unseen: ImageSet, pairs: PairEnergies, images_per_identity: int, by: SplitBy
) -> str:
    """A sentence that says what was measured."""
    if by is SplitBy.IMAGE:
        return (
            f"all pairs among {pairs.images} test images of {unseen.name}, at most "
            f"{images_per_identity} of one class; no image of them was trained or calibrated on, "
            f"but its {len(unseen.identities)} classes are known from training: of new classes "
            "nothing is said"
        )
    return (
        f"{_compared(unseen, pairs)} among {pairs.images} images of the "
        f"{len(unseen.identities)} test identities of {unseen.name}, at most "
        f"{images_per_identity} images of one identity; none of them was trained or calibrated on"
    )


def _compared(images: ImageSet, pairs: PairEnergies) -> str:
    if images.listed is not None:
        return "the listed pairs"
    return "all pairs" if pairs.are_all else "pairs drawn by a seed"


def _calibrated_on(manifest: Manifest) -> str:
    """The fingerprint of the data that the thresholds were chosen on."""
    anew = manifest.provenance.calibrated_on
    return manifest.provenance.data_sha256 if anew is None else anew.data_sha256


def _own_data(manifest: Manifest) -> set[str]:
    """The fingerprints of data whose names are not alike by chance."""
    return {manifest.provenance.data_sha256, _calibrated_on(manifest)}


def as_measured_before(manifest: Manifest) -> int:
    """How many images of one identity the manifest's own figures were measured on at most."""
    config = json.loads(manifest.provenance.config_json)
    return int(config.get("images_per_identity", _IMAGES_PER_IDENTITY))
