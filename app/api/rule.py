"""Rule of a decision on images: the threshold, and the zone that a request asked for."""

from dataclasses import dataclass
from typing import Self

from app.api.choices.decisions import VerifyChoices
from app.decision import Decision
from app.templates import Sizes, choose_for
from app.zone import Outcome, Zone, zone_of_costs, zone_of_targets
from model.manifest import Manifest
from model.scoring import Choice


@dataclass(frozen=True)
class Rule:
    """Threshold that a request is decided by, and the zone that it asked for.

    `manifest` has the calibration and accuracy of so many `images` on the two sides.
    """

    manifest: Manifest
    images: Sizes
    choice: Choice
    zone: Zone | None

    @classmethod
    def of(cls, manifest: Manifest, images: Sizes, sent: VerifyChoices) -> Self:
        """Return the rule of a request.

        Raises:
            ParameterError: Parameters that do not go together, or a value that cannot be used.
            OperatingPointError: The bundle has no supported operating point at that `fmr`.
            TemplateSizeError: It has none for so many images, and no threshold was sent.
        """
        costs = sent.costs()
        manifest, choice = choose_for(manifest, images, sent.threshold, sent.fmr)
        calibration, curve = manifest.calibration, manifest.accuracy.curve
        zone = None
        if costs is not None:
            zone = zone_of_costs(calibration.likelihood_ratio, curve, costs)
        elif sent.fnmr is not None:
            zone = zone_of_targets(calibration, curve, choice, sent.fnmr)
        return cls(manifest, images, choice, zone)

    def outcome(self, decision: Decision, *, withheld: bool) -> Outcome:
        """Return the outcome of a decision: by the zone, or else by the threshold.

        A zone rests on the rates or the likelihood ratio. Where these are withheld it decides
        nothing, and the outcome is unsure.
        """
        if self.zone is None:
            return Outcome.of(same=decision.same)
        return Outcome.UNSURE if withheld else self.zone.outcome(decision.energy)
