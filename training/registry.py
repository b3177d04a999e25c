"""Registry of the parts that a config names: networks, losses, samplers and so on.

A part is one file: `training/losses/exponential.py` is the loss `exponential`, and its `build`, a
class or a function, makes it. Adding a loss takes one new file and no other change. A file whose
name begins with `_` is a helper of the parts beside it.
"""

import importlib
import inspect
import pkgutil
from enum import StrEnum
from typing import Any, get_type_hints

from pydantic import Field, JsonValue

from model.schema.fields import Frozen
from training.errors import ConfigError


class Part(StrEnum):
    """Packages of parts."""

    NETWORK = "networks"
    LOSS = "losses"
    SAMPLER = "sampling"
    AUGMENTATION = "augmentation"
    OPTIMISER = "optimisers"
    PROTOCOL = "evaluation.protocols"

    def __str__(self) -> str:
        """Name of the package, for error messages."""
        return self.value.rpartition(".")[2]


class Component(Frozen):
    """A part by its file name, with its options."""

    name: str
    options: dict[str, JsonValue] = Field(default_factory=dict)


def build(part: Part, component: Component, **context: Any) -> Any:  # noqa: ANN401 (each part's own)
    """Build a part from its options and the context.

    The context is what the trainer passes, such as the embedding's dimension; a part gets the
    arguments that its signature names.

    Raises:
        ConfigError: No such part, an unknown option, or a value that the part refuses.
    """
    maker = _maker(part, component.name)
    parameters = inspect.signature(maker).parameters
    known = parameters.keys() - context
    if unknown := sorted(set(component.options) - known):
        raise ConfigError(
            f"{part}/{component.name} has no option {', '.join(unknown)}; "
            f"it has: {', '.join(sorted(known)) or 'none'}"
        )
    wanted = {name: value for name, value in context.items() if name in parameters}
    try:
        return maker(**wanted, **component.options)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: from torch.
        raise ConfigError(f"{part}/{component.name} cannot be built: {error}") from error


def names(part: Part) -> list[str]:
    """Return the parts of one kind: the files whose names do not begin with `_`."""
    package = importlib.import_module(f"training.{part.value}")
    modules = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in modules if not name.startswith("_"))


def option_types(part: Part, name: str) -> dict[str, Any]:
    """Return the parameters of a part's `build` with their types, the trainer's context included.

    Raises:
        ConfigError: No such part.
    """
    maker = _maker(part, name)
    hints = get_type_hints(maker.__init__ if inspect.isclass(maker) else maker)
    return {option: hints.get(option, Any) for option in inspect.signature(maker).parameters}


def _maker(part: Part, name: str) -> Any:  # noqa: ANN401 (each part's own)
    if name not in names(part):
        raise ConfigError(f"there is no {part}/{name}; there are: {', '.join(names(part))}")
    return importlib.import_module(f"training.{part.value}.{name}").build
