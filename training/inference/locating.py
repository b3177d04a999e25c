"""Locators in ONNX Runtime."""

from model.bundle import Bundle
from model.locating.locator import Locator
from training.config.schema import TrainingConfig
from training.inference.onnx_runtime import OnnxLocator
from training.serving_graph.locator_folder import TrainedLocator, shipped_locator


def locator_of(bundle: Bundle) -> Locator | None:
    """The locator of a bundle, None where it has none."""
    if bundle.manifest.locator is None or bundle.locator is None:
        return None
    return Locator(bundle.manifest.locator, OnnxLocator(bundle.locator).find)


def started(trained: TrainedLocator | None) -> Locator | None:
    """A trained locator that can be run, None for None."""
    return None if trained is None else Locator(trained.spec, OnnxLocator(trained.graph).find)


def trained_locator(config: TrainingConfig) -> TrainedLocator | None:
    """The locator that a config names, None where it names none.

    Raises:
        RunError: There is no such locator.
    """
    return None if config.locator is None else shipped_locator(config.locator)


def configured_locator(config: TrainingConfig) -> Locator | None:
    """The locator that a config names, ready to run; raises as `trained_locator`."""
    return started(trained_locator(config))
