"""From a finished run to a bundle: graph, agreement, calibration, test, manifest, card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from torch import nn

from model.bundle import sha256, split_bytes, write_bundle
from model.golden import TOLERANCE, golden_image
from model.manifest import (
    Accuracy,
    BundleName,
    Calibration,
    Golden,
    Manifest,
    Metric,
    OnnxFile,
    Provenance,
)
from training import codes
from training.config import TrainingConfig
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.embedding import embed
from training.errors import ExportError, RunError
from training.evaluation import Meter, benchmarks, protocol_of
from training.health import check_spread
from training.measurement.calibration import calibrate, measure
from training.model_card import render_card
from training.onnx_graph import OPSET, check_agreement, to_onnx
from training.run import RunFolder
from training.runtime import OnnxEncoder
from training.session import data_of
from training.trainer import trained_encoder

_AGREEMENT_IMAGES = 64
ONNX_FILE = "encoder.onnx"


def export_run(run: RunFolder, to: Path, data: Path | None = None) -> Manifest:
    """Write the bundle of a run.

    Args:
        run: Finished, or stopped early on purpose: its last checkpoint is exported, or its best
            where the config has a patience.
        to: The bundle's folder, after which it is named; a bundle that stands there is replaced as
            a whole.
        data: Where the data is now, if it was moved.

    Returns:
        The manifest that was written.

    Raises:
        RunError: The run has no checkpoint, or its data is not to be found.
        CollapsedError: The encoder gives every image the same embedding.
        ExportError: The folder's name cannot be a bundle's, or PyTorch and ONNX Runtime disagree;
            nothing is written.
    """
    name = bundle_name(to)
    config, split, images = run.config(), run.split(), data_of(run, data)
    state = run.load_result()
    if state is None:
        raise RunError(f"{run.path} has no checkpoint yet; train at least one epoch")
    encoder = trained_encoder(config, state)
    graph = _checked_graph(encoder, config, split.take(images, "calibration"))
    calibration, accuracy = _measure(config, split, images, graph)
    golden = _golden(encoder, graph, config)
    manifest = Manifest(
        name=name,
        version=config.version,
        kind=codes.kind_of(config.metric),
        input=config.input,
        metric=config.metric,
        embedding_dim=len(golden.embedding),
        onnx=OnnxFile(file=ONNX_FILE, sha256=sha256(graph), bytes=len(graph), opset=OPSET),
        split_sha256=sha256(split_bytes(run.digests())),
        split_by=config.split.by,
        golden=golden,
        calibration=calibration,
        accuracy=accuracy,
        provenance=_provenance(
            run, images, sum(p.numel() for p in encoder.parameters()), int(state["epoch"])
        ),
        card=config.card,
    )
    write_bundle(to, manifest, graph, split=run.digests(), card=render_card(manifest))
    return manifest


def bundle_name(to: Path) -> str:
    """The name of the bundle in a folder: the folder's own.

    Raises:
        ExportError: It cannot be a bundle's.
    """
    try:
        return TypeAdapter(BundleName).validate_python(to.resolve().name)
    except ValidationError as error:
        raise ExportError(
            f"a bundle is named after its folder, and {to.resolve().name!r} cannot be a name: use "
            "small letters, digits, '.', '_' and '-', 64 at most, the first a letter or digit"
        ) from error


def _checked_graph(encoder: nn.Module, config: TrainingConfig, images: ImageSet) -> bytes:
    graph = to_onnx(encoder, config.input, codes.kind_of(config.metric))
    sample = decode(images, config.input).pixels[:_AGREEMENT_IMAGES]
    check_agreement(encoder, graph, sample)
    check_spread(codes.told_apart(_embed(encoder, sample), config.metric))
    return graph


def _measure(
    config: TrainingConfig, split: DataSplit, images: ImageSet, graph: bytes
) -> tuple[Calibration, Accuracy]:
    meter = Meter(OnnxEncoder(graph), config.input, config.metric, config.images_per_identity)
    unseen = split.take(images, "test")
    test = meter.pairs(unseen)
    calibration = calibrate(meter.pairs(split.take(images, "calibration")), test)
    protocol = protocol_of(unseen, test, config.images_per_identity, config.split.by)
    listed = tuple(benchmarks(meter, images, unseen))
    return calibration, measure(test, calibration.likelihood_ratio, protocol, listed)


def _golden(encoder: nn.Module, graph: bytes, config: TrainingConfig) -> Golden:
    image = golden_image(config.input)[np.newaxis]
    answer = OnnxEncoder(graph).embed(image)
    free: tuple[int, ...] = ()
    if config.metric is Metric.HAMMING:
        near = codes.undecided(_embed(encoder, image), TOLERANCE)[0]
        free = tuple(np.flatnonzero(near).tolist())
    return Golden(embedding=tuple(answer[0].tolist()), tolerance=TOLERANCE, undecided=free)


def _embed(encoder: nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return embed(encoder, pixels, torch.device("cpu"))


def _provenance(run: RunFolder, images: ImageSet, parameters: int, epochs: int) -> Provenance:
    config, record = run.config(), run.record()
    trained = run.split().take(images, "train")
    return Provenance(
        data=record.data_name,
        data_sha256=record.data_sha256,
        config=config.name,
        config_json=config.model_dump_json(),
        seed=config.seed,
        command=record.command,
        git_revision=record.git_revision,
        trained_at=record.started_at,
        training_seconds=sum(epoch["seconds"] for epoch in run.history()[:epochs]),
        parameters=parameters,
        train_identities=len(trained.identities),
        train_images=len(trained),
        libraries=record.libraries,
        initial_weights=record.initial_weights,
    )
