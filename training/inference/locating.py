"""Locators in ONNX Runtime."""

from model.bundle import Bundle
from model.locating.locator import Locator
from training.inference.onnx_runtime import OnnxLocator
from training.serving_graph.locator_folder import TrainedLocator


def locator_of(bundle: Bundle) -> Locator | None:
    """The locator of a bundle, None where it has none."""
    if bundle.manifest.locator is None or bundle.locator is None:
        return None
    return Locator(bundle.manifest.locator, OnnxLocator(bundle.locator).find)


def started(trained: TrainedLocator | None) -> Locator | None:
    """A trained locator that can be run, None for None."""
    return None if trained is None else Locator(trained.spec, OnnxLocator(trained.graph).find)
