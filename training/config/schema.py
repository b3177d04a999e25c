"""The config of a training run: one frozen, strict value, nested in Python and flat in JSON.

Bundles, records, run folders and `--set key=value` use the flat form: the fields of all sections
at the top level, in a fixed order (decision 28). Field names are unique across sections.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from model.manifest import BundleName, Card, InputSpec, Metric, Version
from model.schema.fields import Frozen
from training.config.sections import Export, Measurement, Optimisation, SplitConfig
from training.registry import Component

_SECTIONS = {kind.__name__.lower(): kind for kind in (Export, Optimisation, Measurement)}

_JSON_KEYS = (
    *("name", "version", "input", "canvas", "locator", "quarter_turns"),
    *Export.model_fields,
    *("metric", "split", "network", "loss", "sampler", "augmentation", "optimiser"),
    *Optimisation.model_fields,
    *("images_per_identity", "seed", "card", "protocols", "targets", "choice"),
    "settings",
)
"""The keys of the flat form, in the order in which bundles and records store them."""

ADDED_LATER = {"choice": None, "locator": None, "teacher_mixtures": 0}
"""Keys that the flat form leaves out where they have these values, as configs do that are older."""


class TrainingConfig(Frozen):
    """Everything that decides a training run, its export and its measurement.

    The locations of validation errors are those of the flat form.
    """

    name: BundleName
    """Name of the bundle."""
    version: Version
    """Version of the bundle."""
    input: InputSpec
    """Size, channels and framing of the images that the network sees."""
    canvas: float = Field(default=1.0, ge=1, le=4)
    """Size of stored training images as a multiple of the input's: zooming in needs more pixels
    than the network sees, and zooming out more of the image than `input.middle`."""
    locator: str | None = None
    """A folder of `model/locators/`: what it locates in each image is trained on, calibrated and
    tested, and the bundle gets it; None for images as they are."""
    quarter_turns: bool = False
    """Add each training image turned by 90, 180 and 270 degrees as images of new identities."""
    export: Export = Export()
    """Layers of the exported graph that training does not use."""
    metric: Metric
    """Energy of two embeddings; `none` for a network of pairs."""
    split: SplitConfig = SplitConfig()
    """Division of the data into training, calibration and test parts."""
    network: Component
    """A file in `training/networks/`, with its options."""
    loss: Component
    """A file in `training/losses/`, with its options."""
    sampler: Component
    """A file in `training/sampling/`, with its options."""
    augmentation: Component = Component(name="none")
    """A file in `training/augmentation/`, with its options."""
    optimiser: Component
    """A file in `training/optimisers/`, with its options."""
    optimisation: Optimisation
    """Settings of the training loop."""
    measurement: Measurement = Measurement()
    """Protocols and targets."""
    seed: int = Field(default=0, ge=0)
    """Seed of the split, the weights, the batches and the augmentation."""
    card: Card
    """Texts of the bundle's model card."""
    settings: tuple[str, ...] = ()
    """Overrides of the named config, `key=value`: see `training.config.overrides`."""

    @model_validator(mode="wrap")
    @classmethod
    def _validate_flat(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(_nested(data) if isinstance(data, Mapping) else data)
        except ValidationError as error:
            raise _with_flat_locations(error) from None

    @model_validator(mode="after")
    def _check_common_start(self) -> Self:
        if self.optimisation.common_start is not None and not self.split.official_folds:
            raise ValueError("a common_start is shared by folds: it needs split.official_folds")
        return self

    @model_validator(mode="after")
    def _check_export_metric(self) -> Self:
        if self.export.views and self.metric is not Metric.L2:
            raise ValueError("views average embeddings of length 1: they need the metric l2")
        if self.export.whitening is not None and self.metric is not Metric.L2:
            raise ValueError("whitening ends in embeddings of length 1: it needs the metric l2")
        return self

    @model_serializer(mode="wrap")
    def _serialize_flat(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        flat: dict[str, Any] = handler(self)
        for section in _SECTIONS:
            flat |= flat.pop(section, {})
        older = {key for key, value in ADDED_LATER.items() if flat.get(key) == value}
        return {key: flat[key] for key in _JSON_KEYS if key in flat and key not in older}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a validated copy with fields replaced, by their keys in the flat form."""
        copy = super().model_copy(deep=deep)
        return self.model_validate({**copy.model_dump(), **update}) if update else copy

    def derive(self, card: Mapping[str, str], **fields: Any) -> Self:  # noqa: ANN401 (any field)
        """Return a copy with texts of the card and fields replaced, as by `model_copy`."""
        return self.model_copy(update={**fields, "card": {**self.card.model_dump(), **card}})

    @property
    def recipe(self) -> str:
        """The fields that decide the figures, except for the seed, as JSON."""
        return self.model_dump_json(
            exclude={
                "seed": True,
                "version": True,
                "card": True,
                "measurement": {"targets": True, "choice": True},
            }
        )


def _nested(data: Mapping[str, Any]) -> dict[str, Any]:
    """Move the keys of each section that is not given as a whole below the section's name."""
    nested = dict(data)
    for name, section in _SECTIONS.items():
        if name not in data:
            nested[name] = {key: nested.pop(key) for key in section.model_fields if key in nested}
    return nested


def _with_flat_locations(error: ValidationError) -> ValidationError:
    """Drop the section from the location of each error: `epochs`, not `optimisation.epochs`."""
    details: list[Any] = [
        {**fault, "loc": [step for step in fault["loc"] if step not in _SECTIONS]}
        for fault in error.errors()
    ]
    return ValidationError.from_exception_data(error.title, details)


JSON_TYPES: dict[str, Any] = {
    key: field.annotation
    for section in (TrainingConfig, *_SECTIONS.values())
    for key, field in section.model_fields.items()
    if key in _JSON_KEYS
}
"""The type of each key of the flat form."""
