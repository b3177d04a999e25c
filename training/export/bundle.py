"""From a finished run to a bundle: graph, agreement, calibration, test, manifest, card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from torch import nn

from model.bundle import Split, sha256, split_bytes, write_bundle
from model.golden import TOLERANCE, golden_image
from model.manifest import (
    Accuracy,
    BundleName,
    Calibration,
    Golden,
    InputSpec,
    Kind,
    Manifest,
    Metric,
    OnnxFile,
    Provenance,
    kind_of,
)
from training.config.schema import TrainingConfig
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.data.subsample import bounded
from training.encoder import trained_encoder
from training.errors import ExportError, RunError
from training.evaluation.evaluate import calibrate_system
from training.evaluation.system import SystemUnderTest
from training.export.model_card import render_card
from training.export.onnx_graph import OPSET, check_agreement, to_onnx
from training.export.pair_graph import checked_pair_graph, golden_energies
from training.fit.divergence import check_spread
from training.inference import binary_codes
from training.inference.comparer import graph_comparer
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.runs.run_folder import RunFolder
from training.serving_graph.multi_view import with_views
from training.serving_graph.views import served_input
from training.serving_graph.wccn import WhitenedEncoder, measured_whitening

_AGREEMENT_IMAGES = 64


@dataclass(frozen=True)
class Trained:
    """What a bundle is made of.

    Attributes:
        encoder: The network as it was trained, in evaluation mode.
        config: What it was trained by.
        images: The data set, and
        split: who of it was trained, calibrated and tested on; also
        digests: with those whom initial weights had seen.
        provenance: Where the network comes from.
    """

    encoder: nn.Module
    config: TrainingConfig
    images: ImageSet
    split: DataSplit
    digests: Split
    provenance: Provenance


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
    bundle_name(to)
    config, split, images = run.config(), run.split(), run.open_data(data)
    state = run.load_result()
    if state is None:
        raise RunError(f"{run.path} has no checkpoint yet; train at least one epoch")
    encoder = trained_encoder(config, state)
    provenance = _provenance(run, images, _parameters(encoder), int(state["epoch"]))
    return write_trained(Trained(encoder, config, images, split, run.digests(), provenance), to)


def write_trained(trained: Trained, to: Path) -> Manifest:
    """Write a bundle: graph, calibration, accuracy, card; raises what `export_run` raises."""
    name, config = bundle_name(to), trained.config
    spec = served_input(config.input, config.export.views)
    encoder = _served(trained, spec)
    kind = kind_of(config.metric)
    form = _FORMS[kind]
    known = trained.split.take(trained.images, "calibration")
    sample = decode(known, spec).pixels[:_AGREEMENT_IMAGES]
    graph = form.checked_graph(encoder, spec, sample)
    calibration, accuracy = _measure(trained, spec, graph)
    golden = form.golden(encoder, graph, spec)
    provenance = trained.provenance.model_copy(update={"parameters": _parameters(encoder)})
    manifest = Manifest(
        name=name,
        version=config.version,
        kind=kind,
        input=spec,
        metric=config.metric,
        embedding_dim=1 if kind is Kind.PAIR else len(golden.embedding),
        onnx=OnnxFile(file=form.file, sha256=sha256(graph), bytes=len(graph), opset=OPSET),
        split_sha256=sha256(split_bytes(trained.digests)),
        split_by=config.split.by,
        golden=golden,
        calibration=calibration,
        accuracy=accuracy,
        provenance=provenance,
        card=config.card,
    )
    write_bundle(to, manifest, graph, split=trained.digests, card=render_card(manifest))
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


def _checked_graph(encoder: nn.Module, spec: InputSpec, images: NDArray[np.uint8]) -> bytes:
    graph = to_onnx(encoder, spec)
    check_agreement(encoder, graph, images)
    check_spread(_embed(encoder, images))
    return graph


def _checked_codes(encoder: nn.Module, spec: InputSpec, images: NDArray[np.uint8]) -> bytes:
    graph = to_onnx(encoder, spec, Kind.CODES)
    check_agreement(encoder, graph, images)
    check_spread(binary_codes.told_apart(_embed(encoder, images), Metric.HAMMING))
    return graph


def _served(trained: Trained, spec: InputSpec) -> nn.Module:
    """The network with all that the exported graph adds to it."""
    config = trained.config
    encoder = with_views(trained.encoder, config.input, config.export.views)
    if config.export.whitening is None:
        return encoder
    known = _several(
        trained.split.take(trained.images, "train"), config.measurement.images_per_identity
    )
    embeddings = _embed(encoder, decode(known, spec).pixels)
    whitened = WhitenedEncoder(encoder, embeddings.shape[1])
    whitened.set_matrix(
        measured_whitening(
            embeddings, known.labels(), config.export.whitening, config.export.whitening_weights
        )
    )
    return whitened.eval()


def _several(images: ImageSet, most: int) -> ImageSet:
    """Of each identity with several images so many; one alone shows no spread."""
    counts = Counter(image.identity for image in images)
    return bounded(images.of([name for name, count in counts.items() if count > 1]), most)


def _measure(trained: Trained, spec: InputSpec, graph: bytes) -> tuple[Calibration, Accuracy]:
    comparer = graph_comparer(graph, trained.config.metric)
    system = SystemUnderTest(comparer, spec, trained.images, trained.split)
    return calibrate_system(system, trained.config.measurement.images_per_identity)


def _golden(_encoder: nn.Module, graph: bytes, spec: InputSpec) -> Golden:
    answer = OnnxEncoder(graph).embed(golden_image(spec)[np.newaxis])
    return Golden(embedding=tuple(answer[0].tolist()), tolerance=TOLERANCE)


def _golden_code(encoder: nn.Module, graph: bytes, spec: InputSpec) -> Golden:
    near = binary_codes.undecided(_embed(encoder, golden_image(spec)[np.newaxis]), TOLERANCE)[0]
    free = tuple(np.flatnonzero(near).tolist())
    return _golden(encoder, graph, spec).model_copy(update={"undecided": free})


def _golden_pairs(_network: nn.Module, graph: bytes, spec: InputSpec) -> Golden:
    return golden_energies(graph, spec)


def _embed(encoder: nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return embed(encoder, pixels, torch.device("cpu"))


@dataclass(frozen=True)
class _Form:
    """What the kind of a bundle decides in its export.

    Attributes:
        file: What the graph's file is called.
        checked_graph: Exports a network, and checks the graph against it on real images.
        golden: What a network's graph answers in the self-check.
    """

    file: str
    checked_graph: Callable[[Any, InputSpec, NDArray[np.uint8]], bytes]
    golden: Callable[[Any, bytes, InputSpec], Golden]


_FORMS = {
    Kind.ENCODER: _Form("encoder.onnx", _checked_graph, _golden),
    Kind.CODES: _Form("encoder.onnx", _checked_codes, _golden_code),
    Kind.PAIR: _Form("scorer.onnx", checked_pair_graph, _golden_pairs),
}


def _parameters(encoder: nn.Module) -> int:
    return sum(parameter.numel() for parameter in encoder.parameters())


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
        teacher=record.teacher,
    )
