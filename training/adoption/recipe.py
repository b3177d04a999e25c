"""Recipe of a public encoder: all that it takes to adopt it, but its weights and the images.

A recipe is one file in `training/recipes/`, with `RECIPE`. It says in which package the publisher
has the weights, never at which address: npm or pip fetch it as the user configured them.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from model.manifest import Metric
from training.adoption.declaration import Declaration
from training.adoption.request import Reading, Terms
from training.adoption.wrapping import Answer
from training.errors import ConfigError
from training.serving_graph.locator_framing import locator_for

Point = tuple[float, float]


class Registry(StrEnum):
    """Kind of registry that a package is in."""

    NPM = "npm"
    PYPI = "pypi"


@dataclass(frozen=True)
class PackedFile:
    """File in a package, known by its size and hash.

    Attributes:
        path: In the archive.
        bytes: Size of its content.
        sha256: Of its content.
    """

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Package:
    """Package that a publisher has the weights in, with the archive that is expected of it."""

    registry: Registry
    name: str
    version: str
    archive: PackedFile
    files: tuple[PackedFile, ...]

    def __str__(self) -> str:
        """Name for people."""
        return f"{self.name} {self.version} ({self.registry})"


Converter = Callable[[Mapping[str, bytes]], bytes]
"""Function from the files of a package, by path, to the encoder as an ONNX graph."""


@dataclass(frozen=True)
class Recipe:
    """Declaration, package, terms and claims of one public encoder.

    Attributes:
        name: Of the recipe, and of the bundle by default.
        summary: First sentence of the card.
        intended_use: Of the card.
        not_for: Of the card.
        package: Package with the weights.
        convert: Conversion of its files to ONNX.
        graph_sha256: Hash of the converted graph.
        declared: Declaration of its input, with its source.
        answer: Reading of its output.
        metric: Of the embeddings' energy.
        locator: Name of the locator that finds the thing, in `model/locators/`; None to compare
            whole images.
        template: Eyes (left in the image first), nose and corners of the mouth, as shares of the
            crop's side, which the locator's crop is laid over; None without a locator.
        licence: Terms of the weights, and whose word that is.
        training_data: What is said about the training data and the accuracy, and whose word it is.
    """

    name: str
    summary: str
    intended_use: str
    not_for: str
    package: Package
    convert: Converter
    graph_sha256: str
    declared: Declaration
    licence: str
    training_data: str
    answer: Answer = field(default_factory=Answer)
    metric: Metric = Metric.L2
    locator: str | None = None
    template: tuple[Point, ...] | None = None

    @property
    def reading(self) -> Reading:
        """Declaration, answer, metric and locator, as `adopt` takes them."""
        located = None
        if self.locator is not None and self.template is not None:
            located = locator_for(self.locator, self.template)
        return Reading(self.declared, self.answer, metric=self.metric, located=located)

    @property
    def terms(self) -> Terms:
        """Statements for the card, as `adopt` takes them."""
        card = {
            "summary": self.summary,
            "intended_use": self.intended_use,
            "not_for": self.not_for,
        }
        return Terms(self.licence, self.training_data, card=card)


def recipe_names() -> list[str]:
    """Return the names of the recipes: files in `training/recipes/` that are not helpers (`_…`)."""
    folder = importlib.import_module("training.recipes").__path__
    names = (module.name for module in pkgutil.iter_modules(folder))
    return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))


def load_recipe(name: str) -> Recipe:
    """Load a recipe by its name.

    Raises:
        ConfigError: No such recipe.
    """
    if name not in recipe_names():
        raise ConfigError(f"there is no recipe {name}; there are: {', '.join(recipe_names())}")
    module = importlib.import_module(f"training.recipes.{name.replace('-', '_')}")
    recipe: Recipe = module.RECIPE
    return recipe
