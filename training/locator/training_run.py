"""Training of a locator on a data set, from its pictures to its folder."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from model.bundle import sha256
from model.golden import golden_candidates, golden_picture
from model.manifest import Aspect, InputSpec
from model.schema.locator import GoldenCandidates, LocatorOrigin, LocatorSpec
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.data.split import split_data
from training.errors import ExportError
from training.export.onnx_graph import OPSET
from training.inference.onnx_runtime import OnnxLocator
from training.locator.choice import FLOOR, choose
from training.locator.config import LocatorConfig
from training.locator.graph import LocatorGraph, to_onnx
from training.locator.network import LocatorNetwork
from training.locator.trainer import Progress, train_network
from training.runs import provenance
from training.serving_graph.locator_folder import TrainedLocator, check_empty, write_locator

GOLDEN_TOLERANCE = 1e-3
_TAUGHT_BY = "random similarity transforms of aligned pictures"
_AGREEMENT = 1e-4
"""Largest difference of PyTorch and ONNX Runtime: of scores, and of places in sides of a level."""


def train_locator(config: LocatorConfig, data: Path, out: Path, console: Console) -> LocatorSpec:
    """Train a locator on the training part of a data set, and write its folder.

    Raises:
        TrainingError: The data cannot be used, the folder is not empty, or the training failed.
    """
    check_empty(out)
    images = open_data(data)
    split = split_data(images, config.split, config.seed)
    started_at = provenance.now()
    pictures = decode(split.take(images, "train"), input_of(config)).pixels
    console.print(
        f"{config.name}: {len(pictures)} pictures of {len(split.train)} identities, "
        f"{config.steps} batches of {config.batch} scenes"
    )

    def report(progress: Progress) -> None:
        console.print(f"batch {progress.step}/{progress.steps}: loss {progress.loss:.3f}")

    network = train_network(config, pictures, report)
    kept = decode(split.take(images, "calibration"), input_of(config)).pixels
    locator = finish(network, config, kept, _origin(network, config, images, started_at))
    write_locator(locator, out)
    return locator.spec


def input_of(config: LocatorConfig) -> InputSpec:
    """The aligned pictures of a training: squares of colour."""
    return InputSpec(width=config.source, height=config.source, channels=3, aspect=Aspect.CROP)


def finish(
    network: LocatorNetwork,
    config: LocatorConfig,
    pictures: NDArray[np.uint8],
    origin: LocatorOrigin,
) -> TrainedLocator:
    """Export a trained network, and choose its threshold on pictures that it has not seen.

    Raises:
        ExportError: ONNX Runtime and PyTorch disagree.
    """
    graph = to_onnx(network)
    find = OnnxLocator(graph).find
    picture = golden_picture()[np.newaxis]
    check_agreement(network, find(picture), picture)
    golden = golden_candidates(find(picture))
    spec = LocatorSpec(
        sha256=sha256(graph),
        bytes=len(graph),
        opset=OPSET,
        sides=config.levels,
        refine_side=config.refine_side,
        refine_margin=config.refine_margin,
        scale=config.scale,
        threshold=FLOOR,
        template=config.template,
        golden=GoldenCandidates(
            candidates=tuple(map(tuple, golden.tolist())), tolerance=GOLDEN_TOLERANCE
        ),
        origin=origin,
    )
    chosen = choose(spec, find, pictures, config)
    origin = origin.model_copy(update={"measured": chosen.measured})
    return TrainedLocator(
        spec.model_copy(update={"threshold": chosen.threshold, "origin": origin}), graph
    )


def check_agreement(
    network: LocatorNetwork, found: NDArray[np.float32], pictures: NDArray[np.uint8]
) -> None:
    """Compare the candidates of ONNX Runtime for some pictures with those of PyTorch.

    Raises:
        ExportError: They differ.
    """
    with torch.no_grad():
        expected = LocatorGraph(network)(torch.from_numpy(pictures)).numpy()
    scale = np.array([1.0, *[max(pictures.shape[1:3])] * 4])
    error = float((np.abs(found - expected) / scale).max())
    if not error <= _AGREEMENT:
        raise ExportError(f"ONNX Runtime and PyTorch differ by {error:.2e}: nothing was written")


def _origin(
    network: LocatorNetwork, config: LocatorConfig, images: ImageSet, started_at: str
) -> LocatorOrigin:
    return LocatorOrigin(
        data=images.name,
        data_sha256=images.fingerprint(),
        config=config.name,
        config_json=config.model_dump_json(),
        seed=config.seed,
        taught_by=_TAUGHT_BY,
        command=provenance.command(),
        git_revision=provenance.git_revision(),
        trained_at=started_at,
        parameters=sum(each.numel() for each in network.parameters()),
        libraries=provenance.libraries(),
        measured={},
    )
