"""Evaluation of a bundle: its own graph, in ONNX Runtime, on identities that it has not seen."""

from dataclasses import dataclass

from model.bundle import Bundle
from model.manifest import Accuracy, Conditions, ErrorRates
from training.data.image_set import ImageSet
from training.data.labels import ImageLabels
from training.evaluation.accuracy import accuracy_of, measured_per_identity
from training.evaluation.compared import ComparedImages, compare_images, image_domain
from training.evaluation.labelled import LabelledRates, domain_rates, labelled_rates
from training.evaluation.opening import system_of
from training.metrics.conditions import measure_conditions
from training.metrics.pairs import PairEnergies
from training.metrics.rates import RateTable
from training.stages import SILENT, Stages


@dataclass(frozen=True)
class Evaluation:
    """Result of `evaluate`.

    Attributes:
        data: The data set's name.
        same_data: Whether this is the very data set that the bundle was calibrated on.
        left_out: Identities (of a closed set: images) of other data that are not measured, since
            they have the name of one that the bundle has seen.
        points: Each operating point's target FMR and threshold, with the rates found here.
        compared: The images, and the energies behind all these figures.
        conditions: Error rates by condition.
        by_domain: Error rates of images in the domain and out of it; None without a domain check.
        images_out_of_domain: Number of images out of it; 0 without a domain check.
        by_label: Error rates of groups of images, by the column of their labels.
    """

    bundle: Bundle
    data: str
    same_data: bool
    left_out: int
    accuracy: Accuracy
    points: tuple[tuple[float | None, float, ErrorRates], ...]
    compared: ComparedImages
    conditions: Conditions
    by_domain: LabelledRates | None
    images_out_of_domain: int
    by_label: tuple[LabelledRates, ...] = ()

    @property
    def pairs(self) -> PairEnergies:
        """The energies of all pairs."""
        return self.compared.pairs


def evaluate(  # noqa: PLR0913 (each is an option of the command)
    bundle: Bundle,
    images: ImageSet,
    images_per_identity: int | None = None,
    *,
    include_known_names: bool = False,
    labels: ImageLabels | None = None,
    stages: Stages = SILENT,
) -> Evaluation:
    """Measure a bundle on what it has not seen of a data set.

    At most `images_per_identity` images of one identity are compared; None stands for the number
    that the bundle's own figures were measured with. See `split_unseen` for `include_known_names`.
    Rates are also measured for the groups of each column of `labels`. The stages are told what is
    being done.

    Raises:
        DataError: Nothing is unseen, or too little to make pairs, or to compare groups.
    """
    manifest = bundle.manifest
    limit = images_per_identity or measured_per_identity(manifest)
    stages.begin(f"reading {images.name}, and checking the graph")
    system = system_of(bundle, images, include_known_names=include_known_names, stages=stages)
    stages.begin("comparing the images that the bundle has not seen")
    compared = compare_images(system, system.tested, limit)
    pairs, point = compared.pairs, manifest.calibration.default_point
    table, domain = RateTable(pairs), image_domain(bundle, compared)
    names = len(images) if system.is_closed_set else len(images.identities)
    return Evaluation(
        bundle=bundle,
        data=images.name,
        same_data=system.own_data,
        left_out=0 if system.own_data else names - len(system.split.test),
        accuracy=accuracy_of(system, pairs, manifest.calibration, limit),
        points=tuple(
            (point.target_fmr, point.threshold, table.rates(point.threshold))
            for point in manifest.calibration.operating_points
        ),
        compared=compared,
        conditions=measure_conditions(pairs, point, domain.percentiles if domain else None),
        by_domain=None if domain is None else domain_rates(compared, point, domain.is_out),
        images_out_of_domain=0 if domain is None else int(domain.is_out.sum()),
        by_label=() if labels is None else labelled_rates(compared, point, labels),
    )
