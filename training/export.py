"""From a finished run to a bundle: graph, agreement, calibration, test, manifest, card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from model.bundle import sha256, split_bytes, write_bundle
from model.golden import TOLERANCE, golden_image
from model.manifest import (
    Accuracy,
    BundleName,
    Calibration,
    Golden,
    Kind,
    Manifest,
    OnnxFile,
    Provenance,
)
from training.config import TrainingConfig
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import IdentitySplit
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
    graph = _checked_graph(encoder, config, images.of(split.calibration))
    calibration, accuracy = _measure(config, split, images, graph)
    golden = _golden(graph, config)
    manifest = Manifest(
        name=name,
        version=config.version,
        kind=Kind.ENCODER,
        input=config.input,
        metric=config.metric,
        embedding_dim=len(golden.embedding),
        onnx=OnnxFile(file=ONNX_FILE, sha256=sha256(graph), bytes=len(graph), opset=OPSET),
        split_sha256=sha256(split_bytes(run.digests())),
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
    graph = to_onnx(encoder, config.input)
    sample = decode(images, config.input).pixels[:_AGREEMENT_IMAGES]
    check_agreement(encoder, graph, sample)
    check_spread(embed(encoder, sample, torch.device("cpu")))
    return graph


def _measure(
    config: TrainingConfig, split: IdentitySplit, images: ImageSet, graph: bytes
) -> tuple[Calibration, Accuracy]:
    meter = Meter(OnnxEncoder(graph), config.input, config.metric, config.images_per_identity)
    test = meter.pairs(images.of(split.test))
    calibration = calibrate(meter.pairs(images.of(split.calibration)), test)
    protocol = protocol_of(images, split.test, test, config.images_per_identity)
    listed = tuple(benchmarks(meter, images, set(split.test)))
    return calibration, measure(test, calibration.likelihood_ratio, protocol, listed)


def _golden(graph: bytes, config: TrainingConfig) -> Golden:
    answer = OnnxEncoder(graph).embed(golden_image(config.input)[np.newaxis])
    return Golden(embedding=tuple(answer[0].tolist()), tolerance=TOLERANCE)


def _provenance(run: RunFolder, images: ImageSet, parameters: int, epochs: int) -> Provenance:
    config, record, split = run.config(), run.record(), run.split()
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
        train_identities=len(split.train),
        train_images=len(images.of(split.train)),
        libraries=record.libraries,
        initial_weights=record.initial_weights,
    )
