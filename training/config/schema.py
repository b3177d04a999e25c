"""What a training run is made of: one frozen, strict value, named by a file in `configs/`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.manifest import BundleName, Card, InputSpec, Metric, SplitBy, Version
from training.config.target import Target
from training.config.view import View
from training.registry import Component

DirectionWeights = Literal["equal", "plda"]
"""How the directions of whitened embeddings are weighted: see `training.serving_graph.wccn`."""


class SplitConfig(BaseModel):
    """How identities are divided; the shares are of the identities.

    `official` follows the data set's own list of test identities where it has one; `test` is then
    unused and `calibration` is a share of the others. `test_identities` and
    `calibration_identities` name a part outright, in place of its share. With `by="image"` the
    images of each identity are divided instead: a closed set, whose classes are all trained on.
    With `official_folds` the config is one for `folds` alone: the folds are the data set's own, and
    `calibration` is a share of the people with several images whom a fold does not test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calibration: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    official: bool = True
    by: SplitBy = SplitBy.IDENTITY
    test_identities: tuple[str, ...] = ()
    calibration_identities: tuple[str, ...] = ()
    official_folds: bool = False

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> Self:
        if self.calibration + self.test >= 1:
            raise ValueError("calibration and test shares leave nothing to train on")
        return self


class CommonStart(BaseModel):
    """What the data set's own folds begin with, in place of random weights.

    The folds are put into groups of neighbours. For each group one encoder is trained without
    anybody whom a fold of the group tests, over `epochs` at `learning_rate`, and each fold of the
    group goes on from it with all the people that it may be trained on. So ten trainings share
    most of their work, and still nobody is tested by an encoder that has seen them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: int = Field(default=2, ge=1)
    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)


class TrainingConfig(BaseModel):
    """A whole run.

    `canvas` is the size at which training images are kept, as a multiple of the input's: an
    augmentation that zooms in needs more pixels than the network sees, and one that zooms out more
    of the image than `input.middle`. `images_per_identity` bounds
    how many images of one identity are measured, so that nobody with hundreds decides the figures.
    A batch goes through the network in `accumulate` equal parts, whose gradients are summed: less
    memory for the same step. With `patience` the training ends after so many epochs without a
    lower calibration EER, and the best epoch is exported. `quarter_turns` makes each training
    image, turned by 90, 180 and 270 degrees, an image of identities of their own. With `views` the
    exported graph averages the embeddings of several views of an image; training sees none of it.
    With `whitening` it ends in a linear layer that makes the training identities' embeddings vary
    alike in all directions (see `training.serving_graph.wccn`), the share being how far their
    covariance is drawn towards one variance; by `whitening_weights` all directions then count
    alike, or by how far identities lie apart in them. With 0 `epochs` nothing else is learnt, and
    the weights are those that the training is told to begin with.
    `compiled` compiles the training step with `torch.compile`. `teacher_weight` is what the
    teacher's loss is multiplied by, where the training is given a teacher.
    `common_start` is for a config with `official_folds`; its `epochs` are those of each fold, after
    the start. `protocols` are measured by `record` on the exported bundle, and their figures held
    against those `targets` that are for what was run. `settings` are the values, `key=value`, that
    a run has in place of the named config's: `training.config.overrides` notes them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: BundleName
    version: Version
    input: InputSpec
    canvas: float = Field(default=1.0, ge=1, le=4)
    quarter_turns: bool = False
    views: tuple[View, ...] = ()
    whitening: float | None = Field(default=None, ge=0, le=1)
    whitening_weights: DirectionWeights = "equal"
    metric: Metric
    split: SplitConfig = SplitConfig()
    network: Component
    loss: Component
    sampler: Component
    augmentation: Component = Component(name="none")
    optimiser: Component
    epochs: int = Field(ge=0)
    batch_size: int = Field(ge=2)
    learning_rate: float = Field(gt=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    bfloat16: bool = False
    compiled: bool = False
    average_decay: float | None = Field(default=None, gt=0, lt=1)
    accumulate: int = Field(default=1, ge=1)
    patience: int | None = Field(default=None, ge=1)
    teacher_weight: float = Field(default=25.0, gt=0)
    common_start: CommonStart | None = None
    images_per_identity: int = Field(default=10, ge=2)
    seed: int = Field(default=0, ge=0)
    card: Card
    protocols: tuple[Component, ...] = ()
    targets: tuple[Target, ...] = ()
    settings: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _a_common_start_is_of_official_folds(self) -> Self:
        if self.common_start is not None and not self.split.official_folds:
            raise ValueError("a common_start is shared by folds: it needs split.official_folds")
        return self

    @model_validator(mode="after")
    def _views_and_whitening_are_of_an_encoder_of_directions(self) -> Self:
        if self.views and self.metric is not Metric.L2:
            raise ValueError("views average embeddings of length 1: they need the metric l2")
        if self.whitening is not None and self.metric is not Metric.L2:
            raise ValueError("whitening ends in embeddings of length 1: it needs the metric l2")
        if self.whitening is None and self.whitening_weights != "equal":
            raise ValueError("whitening_weights are of whitened directions: they need whitening")
        return self

    @model_validator(mode="after")
    def _parts_of_a_batch_are_whole_pairs(self) -> Self:
        if self.batch_size % (2 * self.accumulate) and self.accumulate > 1:
            raise ValueError(
                f"a batch of {self.batch_size} cannot be taken in {self.accumulate} equal parts of "
                "whole pairs; choose another accumulate or batch_size"
            )
        return self

    @property
    def recipe(self) -> str:
        """What decides the figures but for the seed: all that is not said of them, as JSON."""
        return self.model_dump_json(exclude={"seed", "version", "card", "targets"})
