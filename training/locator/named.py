"""Named configs of locators: `train NAME`."""

import json
from collections.abc import Iterable

from pydantic import ValidationError

from model.errors import faults
from training.config.overrides import parse
from training.config.sections import SplitConfig
from training.errors import ConfigError
from training.locator.config import LocatorConfig

FACES = LocatorConfig(
    name="face_locator",
    summary="Finds faces in photographs; learnt without labels from LFW's aligned pictures.",
    steps=3000,
    # Without a second look, and a little tighter, by the calibration people: decision 51.
    refine_side=None,
    scale=0.92,
    # Read off the mean of the training pictures.
    template=((0.351, 0.401), (0.620, 0.397), (0.483, 0.557), (0.362, 0.690), (0.614, 0.683)),
    # As `faces`, so that nobody is learnt from whom that bundle is calibrated or tested on.
    split=SplitConfig(calibration=0.15),
    seed=2007,
)
OWN = LocatorConfig(
    name="own_locator",
    summary="Finds your own things; learnt without labels from pictures that show them alike.",
    steps=1500,
    core=0.7,
    mirrored=False,
    backgrounds=2048,
)
_CONFIGS = {config.name: config for config in (FACES, OWN)}


def locator_names() -> list[str]:
    """The names of the configs."""
    return sorted(_CONFIGS)


def load_locator_config(
    name: str, overrides: Iterable[str] = (), seed: int | None = None
) -> LocatorConfig:
    """Load a named config; each override is `key=value`, with a key of the top level.

    Raises:
        ConfigError: There is no such config or key, or a value that it cannot have.
    """
    if name not in _CONFIGS:
        raise ConfigError(f"there is no locator {name}; there are: {', '.join(locator_names())}")
    given = dict(map(parse, overrides)) | ({} if seed is None else {"seed": seed})
    if unknown := sorted(given.keys() - LocatorConfig.model_fields):
        raise ConfigError(
            f"a locator's config has no {', '.join(unknown)}; it has: "
            f"{', '.join(LocatorConfig.model_fields)}"
        )
    document = _CONFIGS[name].model_dump(mode="json") | given
    try:
        return LocatorConfig.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise ConfigError(f"--set: {faults(error)}") from error
