"""Export of a run as a bundle: graph, agreement, calibration, test, manifest, card."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from model.bundle import Split, sha256, split_bytes, write_bundle
from model.golden import TOLERANCE, golden_image, golden_pairs
from model.manifest import (
    Golden,
    InputSpec,
    Kind,
    Manifest,
    Metric,
    OnnxFile,
    Precision,
    Provenance,
    kind_of,
)
from model.other_graphs.files import GraphFiles
from training.config.schema import TrainingConfig
from training.config.variants import variant_of
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.encoder import trained_encoder
from training.evaluation.manifest_figures import measure_figures
from training.evaluation.system import SystemUnderTest
from training.export.bundle_name import bundle_name
from training.export.int8_graph import Graphs
from training.export.model_card import render_card
from training.export.onnx_graph import OPSET, check_agreement, check_pair_agreement, to_onnx
from training.export.run_provenance import provenance_of
from training.fit.divergence import check_spread
from training.inference import binary_codes
from training.inference.comparer import graph_comparer
from training.inference.locating import started, trained_locator
from training.inference.onnx_runtime import OnnxEncoder, OnnxScorer
from training.inference.pytorch import embed
from training.runs import provenance
from training.runs.looks import Ledger, Look, test_digest
from training.runs.run_folder import RunFolder
from training.serving_graph.locator_folder import TrainedLocator
from training.serving_graph.multi_view import served_input, with_views
from training.serving_graph.wccn import WhitenedEncoder, measured_whitening
from training.stages import SILENT, Stages

_AGREEMENT_IMAGES = 64


@dataclass(frozen=True)
class Trained:
    """Trained network, in evaluation mode, with everything that its bundle is made from.

    The digests are those of the split, and of the identities that initial weights were trained on.
    The locator finds the thing in each picture first, if there is one. The stages are told what is
    being done.
    """

    encoder: nn.Module
    config: TrainingConfig
    images: ImageSet
    split: DataSplit
    digests: Split
    provenance: Provenance
    locator: TrainedLocator | None = None
    stages: Stages = SILENT

    def look(self, graph: bytes) -> Look:
        """Return the look of its graph at its test part."""
        config = self.config
        return Look(
            at=provenance.now(),
            title="-".join(filter(None, (config.name, variant_of(config), "bundle"))),
            config=config.name,
            seed=config.seed,
            data=self.images.name,
            test_sha256=test_digest(self.digests),
            graph_sha256=sha256(graph),
            command=provenance.command(),
        )


class Exported(NamedTuple):
    """Graph of a trained network, its golden answer, and the system that it makes."""

    graph: bytes
    golden: Golden
    system: SystemUnderTest
    parameters: int


def export_run(  # noqa: PLR0913 (each is an option of the command)
    run: RunFolder,
    to: Path,
    data: Path | None = None,
    ledger: Ledger | None = None,
    graphs: Graphs = Graphs.FP32,
    *,
    locator: TrainedLocator | None = None,
    stages: Stages = SILENT,
) -> Manifest:
    """Write the bundle of a run, finished or not; returns its manifest.

    The last checkpoint is exported, or the best where the config has a patience. The bundle is
    named after its folder `to`; an existing one is replaced as a whole. `data` is the present path
    of data that was moved. With a ledger the look at the test part is noted, and refused where it
    is the second one; an int8 graph beside is no second system, since nothing is chosen between
    them by the test part.

    Raises:
        RunError: The run has no checkpoint, or its data was not found.
        SealedError: Another system of the config and seed was measured on the test part.
        CollapsedError: The encoder gives every image the same embedding.
        ExportError: The folder's name cannot be a bundle's, or PyTorch and ONNX Runtime disagree;
            nothing is written.
    """
    bundle_name(to)
    trained = trained_of(run, data, stages)
    if locator is not None:
        trained = replace(trained, locator=locator)
    return write_trained(trained, to, ledger, graphs)


def trained_of(run: RunFolder, data: Path | None = None, stages: Stages = SILENT) -> Trained:
    """Load the network of a run, with its data.

    Raises:
        RunError: The run has no checkpoint, or its data was not found.
    """
    stages.begin("opening the run and its data")
    config, split, images = run.config(), run.split(), run.open_data(data)
    state = run.load_result()
    encoder = trained_encoder(config, state)
    origin = provenance_of(run, images, _parameters(encoder), int(state["epoch"]))
    locator = trained_locator(config)
    return Trained(encoder, config, images, split, run.digests(), origin, locator, stages)


def write_trained(
    trained: Trained, to: Path, ledger: Ledger | None = None, graphs: Graphs = Graphs.FP32
) -> Manifest:
    """Write a bundle of a trained network; raises as `export_run`."""
    name, config, kind = bundle_name(to), trained.config, kind_of(trained.config.metric)
    graph, golden, system, parameters = exported(trained)
    look = trained.look(graph)
    if ledger is not None:
        ledger.check(look)
    spec, figures = system.spec, measure_figures(system, config.measurement.images_per_identity)
    origin = trained.provenance.model_copy(update={"parameters": parameters})
    file = "scorer.onnx" if kind is Kind.PAIR else "encoder.onnx"
    manifest = Manifest(
        name=name,
        version=config.version,
        kind=kind,
        input=spec,
        metric=config.metric,
        embedding_dim=1 if kind is Kind.PAIR else len(golden.embedding),
        onnx=OnnxFile(
            file=file,
            sha256=sha256(graph),
            bytes=len(graph),
            opset=OPSET,
            precision=Precision.FP32,
        ),
        split_sha256=sha256(split_bytes(trained.digests)),
        split_by=config.split.by,
        golden=golden,
        provenance=origin,
        card=config.card,
        **figures.fields,
    )
    manifest, others = graphs.added(
        *(manifest, graph, trained.images, trained.split, system.locator), stages=trained.stages
    )
    _write(trained, to, manifest, graph, figures.domain_data, others)
    if ledger is not None:
        ledger.add(look)
    return manifest


def _write(  # noqa: PLR0913, PLR0917 (parts of a bundle)
    trained: Trained,
    to: Path,
    manifest: Manifest,
    graph: bytes,
    domain: bytes | None,
    others: tuple[GraphFiles, ...],
) -> None:
    write_bundle(
        *(to, manifest, graph),
        split=trained.digests,
        domain=domain,
        card=render_card(manifest),
        others=others,
        locator=None if trained.locator is None else trained.locator.graph,
    )


def exported(trained: Trained) -> Exported:
    """Export the graph of a trained network, with its views and whitening, and check it."""
    config = trained.config
    spec, locator = served_input(config.input, config.export.views), started(trained.locator)
    encoder = _served(trained, spec)
    trained.stages.begin("writing the graph, and comparing it with PyTorch")
    sample = decode(trained.split.take(trained.images, "calibration"), spec, locator).pixels
    graph, golden = checked_graph(encoder, spec, config.metric, sample[:_AGREEMENT_IMAGES])
    comparer = graph_comparer(graph, config.metric, trained.stages)
    system = SystemUnderTest(
        *(comparer, spec, trained.images, trained.split),
        seen=trained.provenance.seen,
        locator=locator,
        stages=trained.stages,
    )
    return Exported(graph, golden, system, _parameters(encoder))


def checked_graph(
    encoder: Any,  # noqa: ANN401 (an encoder or a network of pairs)
    spec: InputSpec,
    metric: Metric,
    images: NDArray[np.uint8],
) -> tuple[bytes, Golden]:
    """Export a network and check its graph on real images; returns graph and golden answer."""
    kind = kind_of(metric)
    graph = to_onnx(encoder, spec, kind)
    if kind is Kind.PAIR:
        check_pair_agreement(encoder, graph, images)
        energies = OnnxScorer(graph).score(*golden_pairs(spec))
        return graph, Golden(
            formula="ramp-1-pairs", embedding=tuple(energies.tolist()), tolerance=TOLERANCE
        )
    check_agreement(encoder, graph, images)
    check_spread(binary_codes.as_spread(embed(encoder, images), metric))
    return graph, _golden_embedding(encoder, graph, spec, kind)


def _golden_embedding(encoder: nn.Module, graph: bytes, spec: InputSpec, kind: Kind) -> Golden:
    """Run the graph on the golden image; for codes, also find the bits that rounding decides."""
    image = golden_image(spec)[np.newaxis]
    answer = OnnxEncoder(graph).embed(image)[0]
    golden = Golden(embedding=tuple(answer.tolist()), tolerance=TOLERANCE)
    if kind is Kind.ENCODER:
        return golden
    undecided = np.flatnonzero(binary_codes.undecided(embed(encoder, image), TOLERANCE)[0])
    return golden.model_copy(update={"undecided": tuple(undecided.tolist())})


def _served(trained: Trained, spec: InputSpec) -> nn.Module:
    """Add the exported graph's views and whitening to the network."""
    config, export = trained.config, trained.config.export
    encoder = with_views(trained.encoder, config.input, export.views)
    if export.whitening is None:
        return encoder
    known = _with_several_images(
        trained.split.take(trained.images, "train"), config.measurement.images_per_identity
    )
    trained.stages.begin(f"measuring the whitening on {len(known):,} training images")
    shown = decode(known, spec, started(trained.locator), stages=trained.stages)
    embeddings = embed(encoder, shown.pixels)
    whitened = WhitenedEncoder(encoder, embeddings.shape[1])
    labels = shown.source.labels()
    whitened.set_matrix(
        measured_whitening(embeddings, labels, export.whitening, export.whitening_weights)
    )
    return whitened.eval()


def _with_several_images(images: ImageSet, max_per_identity: int) -> ImageSet:
    """Return the identities with two or more images, up to a maximum of each."""
    counts = Counter(image.identity for image in images)
    several = [name for name, count in counts.items() if count > 1]
    return images.of(several).bounded(max_per_identity)


def _parameters(encoder: nn.Module) -> int:
    return sum(parameter.numel() for parameter in encoder.parameters())
