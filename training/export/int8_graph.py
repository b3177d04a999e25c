"""The int8 graph of a bundle beside its float32 graph, with figures of its own (decision 53)."""

import logging
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from model.bundle import Bundle, sha256, write_bundle
from model.golden import golden_image
from model.locating.locator import Locator
from model.manifest import Golden, InputSpec, Kind, Manifest, OnnxFile
from model.manifest import Precision as GraphPrecision
from model.other_graphs.files import GraphFiles
from model.schema.domain import INT8_DOMAIN_FILE
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.evaluation.accuracy import measured_per_identity
from training.evaluation.manifest_figures import ManifestFigures, measure_figures
from training.evaluation.system import SystemUnderTest
from training.export.model_card import render_card
from training.export.quantisation import Precision, convert, is_float32, share_weights
from training.inference.comparer import graph_comparer
from training.inference.locating import locator_of
from training.inference.onnx_runtime import FAILURES, OnnxEncoder
from training.inference.self_check import check_graph
from training.metrics.calibration import limited_to, supported_targets
from training.stages import SILENT, Stages

logger = logging.getLogger(__name__)

FILE = "encoder.int8.onnx"
SAMPLE = 512
"""Largest number of training images that activation ranges are measured on."""
LEAST_TOLERANCE = 5e-2
"""Of the self-check: rounding steps of 8 bits that fall the other way add up (decision 53)."""
_MOST_TOLERANCE = 0.1
_MARGIN = 3
_WORSE = 1.1
"""Factor of the calibration EER from which the graph is left out."""
_LEAST_WORSE = 0.002


class Graphs(StrEnum):
    """Graphs that a bundle gets."""

    BOTH = "both"
    """float32, and int8 where the kind of bundle can have one."""
    FP32 = "fp32"

    def added(  # noqa: PLR0913 (parts of a bundle)
        self,
        manifest: Manifest,
        graph: bytes,
        images: ImageSet,
        split: DataSplit,
        locator: Locator | None = None,
        *,
        stages: Stages = SILENT,
    ) -> tuple[Manifest, tuple[GraphFiles, ...]]:
        """Add the further graphs that are wanted to a bundle.

        Args:
            manifest: Of the bundle with its own graph alone.
            graph: That graph.
            images: The data that it is measured on.
            split: Its parts.
            locator: The bundle's, if any.
            stages: Told what is being done.

        Returns:
            The bundle's manifest, and the further graphs.
        """
        if self is Graphs.FP32:
            return manifest, ()
        made = make_int8(manifest, graph, images, split, locator, stages=stages)
        if made.files is None:
            logger.warning("no int8 graph: %s", made.reason)
        return with_graphs(manifest, made.others), made.others

    def kept(
        self,
        manifest: Manifest,
        bundle: Bundle,
        images: ImageSet,
        split: DataSplit,
        *,
        stages: Stages = SILENT,
    ) -> tuple[Manifest, tuple[GraphFiles, ...]]:
        """Keep the further graphs of a bundle byte for byte, measured again, or add them.

        Args:
            manifest: Of the new bundle with its own graph alone.
            bundle: The bundle until now, with the same graph.
            images: The data that it is measured on.
            split: Its parts.
            stages: Told what is being done.
        """
        if self is Graphs.FP32 or not bundle.graphs:
            locator = locator_of(bundle)
            return self.added(manifest, bundle.onnx, images, split, locator, stages=stages)
        stages.begin("measuring the bundle's further graphs in the same way")
        others = tuple(
            _again(manifest, bundle, each, images, split, stages) for each in bundle.graphs
        )
        return with_graphs(manifest, others), others


class Made(NamedTuple):
    """The int8 graph of a bundle, or None and the reason."""

    files: GraphFiles | None
    reason: str = ""

    @property
    def others(self) -> tuple[GraphFiles, ...]:
        """The further graphs of the bundle."""
        return () if self.files is None else (self.files,)


def make_int8(  # noqa: PLR0913 (parts of a bundle)
    manifest: Manifest,
    graph: bytes,
    images: ImageSet,
    split: DataSplit,
    locator: Locator | None = None,
    *,
    stages: Stages = SILENT,
) -> Made:
    """Quantise a bundle's float32 graph, and choose and measure its operating points.

    Activation ranges are those of training images; of an encoder without any, of calibration
    images. The graph is left out where its calibration EER is higher than the float32 graph's by a
    tenth and by 0.2 percentage points, or does not support a target FMR that this one supports; the
    test part decides nothing.

    Args:
        manifest: Of the bundle with the float32 graph alone.
        graph: That graph.
        images: The data that the bundle is measured on.
        split: Its parts.
        locator: The bundle's, if any.
        stages: Told what is being done.
    """
    if manifest.kind is not Kind.ENCODER or not is_float32(graph):
        return Made(None, "only a float32 encoder gets an int8 graph")
    stages.begin("making the int8 graph, which is measured in the same way")
    sample = training_sample(images, split, manifest.input, locator)
    try:
        int8 = convert(graph, Precision.INT8_STATIC, sample, keeps_weights=True)
        golden = golden_of(int8, manifest.input)
    except (*FAILURES, ValueError, RuntimeError, NotImplementedError) as error:
        return Made(None, f"ONNX Runtime cannot quantise the graph: {error}")
    figures = _measure(manifest, int8, images, split, locator, stages)
    files = _files(manifest, graph, int8, golden, figures)
    before, after = (each.calibration.eer for each in (manifest, files.manifest))
    if after > max(_WORSE * before, before + _LEAST_WORSE):
        return Made(None, f"in int8 the calibration EER is {after:.2%} in place of {before:.2%}")
    lost = supported_targets(manifest.calibration) - supported_targets(files.manifest.calibration)
    if lost:
        targets = ", ".join(f"{each:g}" for each in sorted(filter(None, lost)))
        return Made(None, f"in int8 it does not support a target FMR of {targets}")
    return Made(files)


def with_graphs(manifest: Manifest, others: tuple[GraphFiles, ...]) -> Manifest:
    """Return a bundle's manifest with its further graphs in place of those that it names."""
    onnx, references = manifest.onnx, tuple(other.reference for other in others)
    if references:
        onnx = onnx.model_copy(update={"precision": GraphPrecision.FP32})
    changes = {"onnx": onnx, "graphs": references or None}
    return Manifest.model_validate(dict(manifest) | changes)


def write_like(
    bundle: Bundle,
    manifest: Manifest,
    to: Path,
    domain: bytes | None,
    others: tuple[GraphFiles, ...],
) -> None:
    """Write a bundle with the graph, the split and the locator of another one.

    Args:
        bundle: The other one.
        manifest: The new manifest.
        to: Folder of the new bundle.
        domain: Content of its domain check's file, None where it has none.
        others: Its further graphs.
    """
    write_bundle(
        *(to, manifest, bundle.onnx),
        split=bundle.split,
        domain=domain,
        locator=bundle.locator,
        card=render_card(manifest),
        others=others,
    )


def golden_of(graph: bytes, spec: InputSpec) -> Golden:
    """Return the self-check of an int8 graph.

    The tolerance is three times the largest difference between the ways in which this runtime can
    run the graph (levels of optimisation, and 16-bit or 32-bit sums), and at least that which other
    processors need.
    """
    image = golden_image(spec)[np.newaxis]
    answer = OnnxEncoder(graph).embed(image)[0].astype(np.float64)
    scale = np.abs(answer).max()
    differences = [np.abs(other - answer).max() / scale for other in _other_ways(graph, image)]
    tolerance = min(_MOST_TOLERANCE, max(LEAST_TOLERANCE, _MARGIN * max(differences)))
    return Golden(embedding=tuple(answer.tolist()), tolerance=float(tolerance))


def _other_ways(graph: bytes, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    levels = ort.GraphOptimizationLevel
    answers = []
    for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_ALL):
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        options.add_session_config_entry("session.x64quantprecision", "1")
        session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        answers.append(session.run(None, {session.get_inputs()[0].name: image})[0][0])
    return answers


def training_sample(
    images: ImageSet, split: DataSplit, spec: InputSpec, locator: Locator | None = None
) -> NDArray[np.uint8]:
    """Decode training images, or calibration images where there is no training part.

    They are of evenly spaced identities, several of each where there are few: uint8 (n, h, w, c).
    """
    known = split.take(images, "train" if split.train else "calibration")
    names = known.identities
    spread = np.unique(np.linspace(0, len(names) - 1, min(SAMPLE, len(names))).astype(int))
    chosen = known.of([names[i] for i in spread], max(1, SAMPLE // len(spread)))
    return decode(chosen, spec, locator).pixels


def _measure(  # noqa: PLR0913, PLR0917 (parts of a bundle)
    manifest: Manifest,
    graph: bytes,
    images: ImageSet,
    split: DataSplit,
    locator: Locator | None,
    stages: Stages = SILENT,
) -> ManifestFigures:
    comparer, spec = graph_comparer(graph, manifest.metric, stages), manifest.input
    system = SystemUnderTest(
        comparer, spec, images, split, seen=manifest.seen, locator=locator, stages=stages
    )
    return measure_figures(system, measured_per_identity(manifest))


def _again(  # noqa: PLR0913, PLR0917 (parts of a bundle)
    manifest: Manifest,
    bundle: Bundle,
    other: Bundle,
    images: ImageSet,
    split: DataSplit,
    stages: Stages,
) -> GraphFiles:
    """Measure a further graph of a bundle again, and leave its file as it is."""
    check_graph(other)
    figures = _measure(manifest, other.onnx, images, split, locator_of(bundle), stages)
    shared = share_weights(other.onnx, bundle.manifest.onnx.file, bundle.onnx)
    return _with_figures(manifest, shared, other.manifest.golden, figures)


def _files(
    manifest: Manifest, graph: bytes, int8: bytes, golden: Golden, figures: ManifestFigures
) -> GraphFiles:
    shared = share_weights(int8, manifest.onnx.file, graph)
    return _with_figures(manifest, shared, golden, figures)


def _with_figures(
    manifest: Manifest, onnx: bytes, golden: Golden, figures: ManifestFigures
) -> GraphFiles:
    file = OnnxFile(
        file=FILE,
        sha256=sha256(onnx),
        bytes=len(onnx),
        opset=manifest.onnx.opset,
        precision=GraphPrecision.INT8,
    )
    fields = {"onnx": file, "graphs": None, "golden": golden, **figures.fields}
    fields["calibration"] = limited_to(figures.calibration, manifest.calibration)
    if figures.domain is not None:
        fields["domain"] = figures.domain.check.model_copy(update={"file": INT8_DOMAIN_FILE})
    own = Manifest.model_validate(dict(manifest) | fields)
    return GraphFiles(own, onnx, figures.domain_data)
