"""Accuracy of a system on its test part, as a manifest states it."""

import json

from model.manifest import Accuracy, Calibration, Manifest, Seen
from training.evaluation.benchmarks import benchmarks
from training.evaluation.system import SystemUnderTest
from training.metrics.calibration import measure
from training.metrics.pairs import PairEnergies

_IMAGES_PER_IDENTITY = 10
"""Default for a bundle whose config does not state it."""

_UNSEEN = {
    Seen.IDENTITIES: "none of them was trained or calibrated on",
    Seen.TAUGHT: (
        "none of them was trained or calibrated on here; whether the teacher whose embeddings the "
        "encoder learnt was trained on some of them is not known, and if it was, these rates are "
        "too good"
    ),
    Seen.UNKNOWN: (
        "none of them was calibrated on; whether the encoder was trained on some of them is not "
        "known, and if it was, these rates are too good"
    ),
}


def measured_per_identity(manifest: Manifest) -> int:
    """The most images of one identity that a manifest's own figures were measured on."""
    stated = manifest.accuracy.images_per_identity
    if stated is not None or manifest.provenance is None:
        return stated or _IMAGES_PER_IDENTITY
    config = json.loads(manifest.provenance.config_json)
    return int(config.get("images_per_identity", _IMAGES_PER_IDENTITY))


def accuracy_of(
    system: SystemUnderTest, test: PairEnergies, calibration: Calibration, images_per_identity: int
) -> Accuracy:
    """Measure a system's test pairs, of at most so many images per identity, for a manifest.

    Raises:
        DataError: An image of a published list of pairs cannot be read.
    """
    protocol = _protocol(system, test, images_per_identity)
    measured = tuple(benchmarks(system, calibration))
    accuracy = measure(test, calibration.likelihood_ratio, protocol, measured)
    return accuracy.model_copy(update={"images_per_identity": images_per_identity})


def _protocol(system: SystemUnderTest, pairs: PairEnergies, images_per_identity: int) -> str:
    """A sentence on what was measured, for the manifest."""
    tested = system.tested
    if system.is_closed_set:
        return (
            f"all pairs among {pairs.images} test images of {tested.name}, at most "
            f"{images_per_identity} of one class; no image of them was trained or calibrated on, "
            f"but its {len(tested.identities)} classes are known from training: of new classes "
            "nothing is said"
        )
    compared = "all pairs" if pairs.are_all else "pairs drawn by a seed"
    if tested.listed is not None:
        compared = "the listed pairs"
    return (
        f"{compared} among {pairs.images} images of the "
        f"{len(tested.identities)} test identities of {tested.name}, at most "
        f"{images_per_identity} images of one identity; {_UNSEEN[system.seen]}"
    )
