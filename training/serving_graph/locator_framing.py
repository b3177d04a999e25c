"""Framing of a locator's crop for an encoder that sees things closer or wider than the locator."""

import numpy as np
from pydantic import ValidationError

from model.errors import faults
from model.schema.locator import LocatorSpec, Point
from training.errors import AdoptionError
from training.serving_graph.locator_folder import TrainedLocator, shipped_locator


def framed(locator: TrainedLocator, scale: float, shift: tuple[float, float]) -> TrainedLocator:
    """Return a locator that cuts another crop.

    Args:
        locator: The locator; what was measured with it is left out.
        scale: Side of the crop, in sides of what is located.
        shift: Shift of its centre to the right and down, in the same unit.

    Raises:
        AdoptionError: A number that is out of bounds.
    """
    framing = {"scale": scale, "shift": shift, "calibration": None, "test": None}
    try:
        spec = LocatorSpec.model_validate(dict(locator.spec) | framing)
    except ValidationError as error:
        raise AdoptionError(f"a locator cannot be framed so: {faults(error)}") from error
    return TrainedLocator(spec, locator.graph)


def locator_for(name: str, template: tuple[Point, ...]) -> TrainedLocator:
    """Return a locator of `model/locators/` that cuts as an encoder's template asks.

    Scale and shift bring the locator's points nearest to the template's (least squares without a
    turn; Umeyama 1991, with the identity for the rotation).

    Args:
        name: Of the locator's folder.
        template: Five points as shares of the side of the encoder's crop.

    Raises:
        AdoptionError: The locator has no points.
        RunError: There is no such locator.
    """
    locator = shipped_locator(name)
    if locator.spec.template is None:
        raise AdoptionError(f"the locator {name} has no points that a template could be laid over")
    found, wanted = np.array(locator.spec.template), np.array(template)
    spread = wanted - wanted.mean(axis=0)
    scale = float((spread * (found - found.mean(axis=0))).sum() / (spread**2).sum())
    right, down = (found.mean(axis=0) + scale * (0.5 - wanted.mean(axis=0)) - 0.5).tolist()
    return framed(locator, scale, (right, down))
