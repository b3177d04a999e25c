"""Folder of a trained locator: `locator.onnx`, and `locator.json` with its part of a manifest."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from model.bundle import open_bundle, sha256
from model.errors import FileError, faults
from model.files import read_file, read_text
from model.schema.locator import LOCATOR_FILE, MAX_LOCATOR_BYTES, LocatorSpec
from training.errors import RunError

SPEC_FILE = "locator.json"
_SHIPPED = Path(__file__).parents[2] / "model" / "locators"
_MAX_SPEC_BYTES = 1_000_000


@dataclass(frozen=True)
class TrainedLocator:
    """A locator's graph, and its part of a manifest."""

    spec: LocatorSpec
    graph: bytes


def open_locator(folder: Path) -> TrainedLocator:
    """Open the locator of a locator's folder, or of a bundle that has one.

    Raises:
        RunError: There is none, or the graph is not the one that is described.
        BundleError: A bundle that cannot be opened.
    """
    if not (folder / SPEC_FILE).is_file():
        bundle = open_bundle(folder)
        if bundle.manifest.locator is None or bundle.locator is None:
            raise RunError(f"the bundle {folder} has no locator")
        return TrainedLocator(bundle.manifest.locator, bundle.locator)
    try:
        spec = LocatorSpec.model_validate_json(read_text(folder / SPEC_FILE, _MAX_SPEC_BYTES))
        graph = read_file(folder / LOCATOR_FILE, MAX_LOCATOR_BYTES)
    except ValidationError as error:
        raise RunError(f"{folder / SPEC_FILE} describes no locator: {faults(error)}") from error
    except FileError as error:
        raise RunError(str(error)) from error
    if sha256(graph) != spec.sha256:
        raise RunError(f"{folder / LOCATOR_FILE} is not the graph that {SPEC_FILE} describes")
    return TrainedLocator(spec, graph)


def shipped_locator(name: str) -> TrainedLocator:
    """Open a locator of `model/locators/` by its folder's name.

    Raises:
        RunError: There is no such locator.
    """
    names = sorted(folder.name for folder in _SHIPPED.iterdir() if (folder / SPEC_FILE).is_file())
    if name not in names:
        raise RunError(f"there is no locator {name}; there are: {', '.join(names)}")
    return open_locator(_SHIPPED / name)


def write_locator(locator: TrainedLocator, folder: Path) -> None:
    """Write a locator into a new or empty folder.

    Raises:
        RunError: The folder is not empty.
    """
    check_empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOCATOR_FILE).write_bytes(locator.graph)
    (folder / SPEC_FILE).write_text(locator.spec.model_dump_json(indent=1) + "\n")


def check_empty(folder: Path) -> None:
    """Check that a folder is new or empty, before hours of training.

    Raises:
        RunError: It is not.
    """
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder} is not empty; choose another --out")
