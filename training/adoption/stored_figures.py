"""Measured part of an adopted bundle, stored for those who have no data to measure it on.

`training/recipes/figures/NAME.zip` holds a bundle without its graph: manifest, split and domain
check. They are true of that graph alone, so that they are used only for a graph with the very hash
that the manifest names, and with the same input.
"""

import tempfile
import zipfile
from pathlib import Path

from model.bundle import (
    MANIFEST_FILE,
    SPLIT_FILE,
    Bundle,
    open_bundle,
    read_manifest,
    sha256,
    write_bundle,
)
from model.manifest import InputSpec, Manifest
from model.schema.domain import DOMAIN_FILE
from model.schema.locator import LOCATOR_FILE
from training.adoption.recipe import Recipe
from training.errors import AdoptionError
from training.export.bundle_name import bundle_name
from training.export.model_card import render_card
from training.inference.self_check import check_graph

_FOLDER = Path(__file__).parents[1] / "recipes" / "figures"
_NAMES = (MANIFEST_FILE, SPLIT_FILE, DOMAIN_FILE, LOCATOR_FILE)
_DATE = (1980, 1, 1, 0, 0, 0)
"""Date of every member, so that equal figures make equal files."""


def figures_file(recipe: Recipe) -> Path:
    """Return the place of a recipe's figures, which need not exist."""
    return _FOLDER / f"{recipe.name}.zip"


def store_figures(folder: Path, file: Path) -> None:
    """Write a bundle without its graph.

    Raises:
        AdoptionError: The bundle was not adopted, or has further graphs.
        BundleError: There is none.
    """
    manifest = open_bundle(folder).manifest
    if manifest.adoption is None:
        raise AdoptionError(f"{folder} was not adopted: only figures of adopted graphs are stored")
    if manifest.graphs:
        raise AdoptionError(f"{folder} has an int8 graph too; adopt it with --precision fp32")
    contents = {name: (folder / name).read_bytes() for name in _NAMES if (folder / name).exists()}
    contents[MANIFEST_FILE] = manifest.model_dump_json().encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED, 9)


def write_from_figures(file: Path, graph: bytes, spec: InputSpec, to: Path) -> Manifest:
    """Write the bundle of an adopted graph, with the figures that were stored of it.

    Raises:
        AdoptionError: There are none, or they are of another graph or input.
        SelfCheckError: The graph does not answer here what it answered there.
    """
    name = bundle_name(to)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = _assemble(file, graph, spec, Path(scratch))
        check_graph(bundle)
        manifest = bundle.manifest.model_copy(update={"name": name})
        domain = None if manifest.domain is None else (bundle.folder / DOMAIN_FILE).read_bytes()
        write_bundle(
            *(to, manifest, graph),
            split=bundle.split,
            domain=domain,
            locator=bundle.locator,
            card=render_card(manifest),
        )
    return manifest


def _assemble(file: Path, graph: bytes, spec: InputSpec, folder: Path) -> Bundle:
    """Join the stored files and the graph in a folder."""
    if not file.is_file():
        raise AdoptionError("no figures are stored for this recipe; give a folder with --data")
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                (folder / Path(name).name).write_bytes(archive.read(name))
    except (zipfile.BadZipFile, OSError) as error:
        raise AdoptionError(f"{file} cannot be read: {error}") from error
    manifest = read_manifest(folder)
    if (manifest.onnx.sha256, manifest.input) != (sha256(graph), spec):
        raise AdoptionError(
            f"the figures of {file.name} were measured with another graph or input than the recipe "
            "gives here; give a folder with --data, to measure them anew"
        )
    (folder / manifest.onnx.file).write_bytes(graph)
    return open_bundle(folder)
