"""The sections of a training config, and the values in them: frozen and strict."""

from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from model.manifest import SplitBy
from model.schema.fields import Frozen
from training.registry import Component

DirectionWeights = Literal["equal", "plda"]
"""Weights of the directions of whitened embeddings: see `training.serving_graph.wccn`."""


class SplitConfig(Frozen):
    """Division of a data set into parts; shares are shares of the identities."""

    calibration: float = Field(default=0.2, gt=0, lt=1)
    """Share to calibrate on; of the identities that are not tested, where the test is official."""
    test: float = Field(default=0.2, gt=0, lt=1)
    """Share to test on; unused where the data set has its own list of test identities."""
    official: bool = True
    """Use the data set's own list of test identities, where it has one."""
    by: SplitBy = SplitBy.IDENTITY
    """`image` divides the images of each identity instead: a closed set, all classes trained on."""
    test_identities: tuple[str, ...] = ()
    """Identities to test on, in place of a share."""
    calibration_identities: tuple[str, ...] = ()
    """Identities to calibrate on, in place of a share."""
    official_folds: bool = False
    """For `folds` alone: the data set's own folds; the calibration share is of the identities with
    several images outside the test fold."""

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.calibration + self.test >= 1:
            raise ValueError("calibration and test shares leave nothing to train on")
        return self


class CommonStart(Frozen):
    """Encoders that the data set's own folds start from, in place of random weights.

    For each group of neighbouring folds one encoder is trained without the test identities of any
    of them; each fold continues from it with all identities that it may be trained on.
    """

    groups: int = Field(default=2, ge=1)
    """Number of groups, each with one common encoder."""
    epochs: int = Field(ge=1)
    """Epochs of each common encoder."""
    learning_rate: float = Field(gt=0)
    """Learning rate of each common encoder."""


class View(Frozen):
    """A centred crop of an image that the exported graph embeds on its own."""

    middle: float = Field(ge=0.1, le=1)
    """Share of the image's width and height, around the centre, as in `InputSpec`."""
    mirrored: bool = False
    """Mirror it left to right."""


class Export(Frozen):
    """Layers that the exported graph adds to the trained encoder; training does not use them."""

    views: tuple[View, ...] = ()
    """Crops of an image whose embeddings the graph averages (test-time augmentation)."""
    whitening: float | None = Field(default=None, ge=0, le=1)
    """Shrinkage of the within-class covariance in WCCN (`training.serving_graph.wccn`), if any."""
    whitening_weights: DirectionWeights = "equal"
    """Weights of the whitened directions: equal, or by the variance between identities."""

    @model_validator(mode="after")
    def _check_whitening_weights(self) -> Self:
        if self.whitening is None and self.whitening_weights != "equal":
            raise ValueError("whitening_weights apply to whitened directions: they need whitening")
        return self


class Optimisation(Frozen):
    """Epochs, batches, learning rate and other settings of the training loop."""

    epochs: int = Field(ge=0)
    """Epochs; with 0 the initial weights are kept, and only the whitening is computed."""
    batch_size: int = Field(ge=2)
    """Images in a batch."""
    learning_rate: float = Field(gt=0)
    """Peak learning rate."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps over which the learning rate rises."""
    bfloat16: bool = False
    """Autocast the forward pass to bfloat16, where the device computes in it."""
    compiled: bool = False
    """Compile the training step with `torch.compile`."""
    average_decay: float | None = Field(default=None, gt=0, lt=1)
    """Decay of a moving average of the weights, if any, which is then exported."""
    accumulate: int = Field(default=1, ge=1)
    """Equal parts of a batch whose gradients are summed: less memory for the same step."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after so many epochs without a lower calibration EER, and export the best epoch."""
    teacher_weight: float = Field(default=25.0, gt=0)
    """Factor of the distillation loss, where there is a teacher."""
    teacher_mixtures: int = Field(default=0, ge=0)
    """Mixtures of two images, for each image, that an adopted teacher embeds and teaches too."""
    common_start: CommonStart | None = None
    """Shared start of official folds; `epochs` are then those of each fold after it."""

    @model_validator(mode="after")
    def _check_accumulate(self) -> Self:
        if self.batch_size % (2 * self.accumulate) and self.accumulate > 1:
            raise ValueError(
                f"a batch of {self.batch_size} cannot be taken in {self.accumulate} equal parts of "
                "whole pairs; choose another accumulate or batch_size"
            )
        if self.teacher_mixtures and self.accumulate > 1:
            raise ValueError("a batch with mixtures cannot be taken in parts; set accumulate to 1")
        return self


class Target(Frozen):
    """A bar for a measured value, or a published value beside it."""

    figure: str
    """Name of the measured value."""
    at_most: float | None = Field(default=None, ge=0, le=1)
    """Our bar for an error, if any."""
    at_least: float | None = Field(default=None, ge=0, le=1)
    """Our bar for an accuracy, if any."""
    published: str = ""
    """The paper's value under this protocol, in words, with its source."""
    given: tuple[str, ...] = ()
    """Overrides (`key=value`) of the runs that it is for; empty for runs without overrides."""

    @model_validator(mode="after")
    def _check_one_bar(self) -> Self:
        if self.at_most is not None and self.at_least is not None:
            raise ValueError("a target is an upper or a lower bar, not both")
        return self

    @property
    def bar(self) -> float | None:
        """Our bar, an error or an accuracy as the value is; None if there is none."""
        return self.at_least if self.at_most is None else self.at_most


class ChosenBy(StrEnum):
    """Data whose figures were seen before the settings of a config were final."""

    PRESET = "preset"
    """None: settings of a paper or of another config, or set once before the first measurement."""
    CALIBRATION = "calibration"
    """Calibration data only, or data set aside for choosing."""
    TEST = "test data was looked at"
    """Test data as well: a setting was chosen by its figures, or with them in view."""


class Tried(Frozen):
    """A candidate that was tried before a training, and its error on identities held out of it."""

    name: str
    """Name of the candidate."""
    settings: tuple[str, ...] = ()
    """Overrides of the config, `key=value`."""
    start: str | None = None
    """Shipped bundle that it started from; None for random weights."""
    eer: float = Field(ge=0, le=1)
    """EER of the calibration part, with the best whitening; in older runs a mean over folds."""
    folds: int = Field(default=1, ge=1)
    """Number of folds, each with other identities held out: 1 but in older runs."""
    epochs: int = Field(ge=0)
    """Epochs; 0 where nothing but whitening was computed."""
    seconds: float = Field(ge=0)
    """Time of its training and measurement."""
    chosen: bool = False
    """Whether it is the result, or a part of it."""


class Choice(Frozen):
    """Evidence that the settings of a config were chosen by."""

    by: ChosenBy
    """Data that was looked at."""
    how: str = Field(min_length=1)
    """What was chosen, and by which figures, in a sentence or two."""
    tried: tuple[Tried, ...] = ()
    """Candidates that the training itself tried, the best one first."""

    @model_serializer(mode="wrap")
    def _serialize(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = handler(self)
        if not document.get("tried"):
            document.pop("tried", None)  # As in configs that are older than the field.
        return document


class Measurement(Frozen):
    """Protocols to measure, and targets that the measured values are held against."""

    images_per_identity: int = Field(default=10, ge=2)
    """Maximum images of one identity that are measured, so that none dominates the figures."""
    protocols: tuple[Component, ...] = ()
    """Protocols that `record` measures on the exported bundle."""
    targets: tuple[Target, ...] = ()
    """Bars and published values; a run is held against those that are given for its overrides."""
    choice: Choice | None = None
    """Data that the config's settings were chosen by; None where it is not stated."""
