"""`map`: what an encoder has not seen in two dimensions, by it and by classical methods."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.table import Table

from model.bundle import open_bundle
from model.manifest import Kind, SplitBy
from training.console import console
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.encoder import trained_encoder
from training.errors import DataError, RunError
from training.evaluation.evaluate import unseen_images
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.projection.map import MAX_IMAGES, Map, MappedSystem, draw_map
from training.projection.plot import map_svg
from training.runs.run_folder import RunFolder
from training.templates.render import percent


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    system: Annotated[Path, typer.Argument(help="A run folder or a bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data set; its unseen identities are shown.")],
    out: Annotated[Path, typer.Option(help="The folder for map.svg and map.json.")],
    identities: Annotated[int, typer.Option(min=2, help="The most identities.")] = 10,
    images: Annotated[int, typer.Option(min=1, max=MAX_IMAGES, help="The most images.")] = 200,
    seed: int = 0,
) -> None:
    """Draw unseen identities in two dimensions, beside what PCA, LDA, Isomap and others draw.

    An encoder of two dimensions is drawn as it is; a longer embedding by its PCA and Isomap.
    """
    opened = open_data(data)
    drawn = draw_map(system_of(system, opened), identities, images, seed)
    out.mkdir(parents=True, exist_ok=True)
    (out / "map.svg").write_text(map_svg(drawn) + "\n")
    (out / "map.json").write_text(drawn.model_dump_json() + "\n")
    _print(drawn)
    console.print(f"wrote {out / 'map.svg'} and {out / 'map.json'}")


def system_of(path: Path, images: ImageSet) -> MappedSystem:
    """The encoder of a run or bundle, and whom of a data set it has not seen.

    Raises:
        DataError: A pair model, or nothing is unseen.
        RunError: Neither a run folder nor a bundle's, or a run without a checkpoint.
    """
    if (path / "manifest.json").exists():
        return _of_bundle(path, images)
    if (path / "config.json").exists():
        return _of_run(path, images)
    raise RunError(f"{path} is neither a run folder nor a bundle's")


def _of_bundle(path: Path, images: ImageSet) -> MappedSystem:
    bundle = open_bundle(path)
    manifest = bundle.manifest
    if manifest.kind is Kind.PAIR:
        raise DataError(f"{path} compares pairs and has no embedding to draw a map of")
    encoder = OnnxEncoder(bundle.onnx)

    def embed_all(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        embeddings = encoder.embed(pixels)
        if manifest.kind is Kind.CODES:
            embeddings = np.unpackbits(embeddings.astype(np.uint8), axis=1)
        return embeddings.astype(np.float64)

    same = images.fingerprint() == manifest.provenance.data_sha256
    unseen = unseen_images(bundle, images, same_data=same)
    closed = manifest.split_by is SplitBy.IMAGE
    return MappedSystem(manifest.name, manifest.input, embed_all, unseen, closed)


def _of_run(path: Path, images: ImageSet) -> MappedSystem:
    run = RunFolder(path)
    config, state = run.config(), run.load_checkpoint()
    if state is None:
        raise RunError(f"{path} has no checkpoint yet; train at least one epoch")
    encoder = trained_encoder(config, state)

    def embed_all(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        return embed(encoder, pixels, torch.device("cpu")).astype(np.float64)

    closed = config.split.by is SplitBy.IMAGE
    unseen = _unseen_by(run, images)
    return MappedSystem(path.resolve().name, config.input, embed_all, unseen, closed)


def _unseen_by(run: RunFolder, images: ImageSet) -> ImageSet:
    """The test part of a run's own data; of other data what has no name that it has seen."""
    split = run.split()
    if images.fingerprint() == run.record().data_sha256:
        return split.take(images, "test")
    seen = {*split.train, *split.calibration}
    by_image = run.config().split.by is SplitBy.IMAGE
    unseen = {i.name for i in images if (i.name if by_image else i.identity) not in seen}
    if not unseen:
        raise DataError(f"{images.name}: {run.path} has seen every name here; bring other data")
    return images.only(unseen)


def _print(drawn: Map) -> None:
    table = Table("method", f"{drawn.neighbours} neighbours right", "trustworthiness")
    table.add_row("(pixels, all dimensions)", percent(drawn.pixels_accuracy), "")
    table.add_row("(embedding, all dimensions)", percent(drawn.embedding_accuracy), "")
    for panel in drawn.panels:
        table.add_row(panel.method, percent(panel.accuracy), f"{panel.trustworthiness:.3f}")
    console.print(table)
    if drawn.closed:
        console.print("new images of identities that the encoder was trained on (a closed set)")
