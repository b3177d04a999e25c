"""Conversion of a bundle to another precision, with thresholds and error rates of its own."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from model.bundle import Bundle, sha256
from model.golden import TOLERANCE, golden_image
from model.manifest import Golden, InputSpec, Kind, Manifest, SplitBy
from model.manifest import Precision as GraphPrecision
from model.other_graphs.files import GraphFiles
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit, split_by_digests
from training.errors import ExportError, RunError
from training.export.bundle_name import bundle_name
from training.export.int8_graph import (
    golden_of,
    make_int8,
    training_sample,
    with_graphs,
    write_like,
)
from training.export.quantisation import Precision, convert
from training.export.recalibrate import measure_graph
from training.inference.locating import locator_of
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.self_check import check_graph
from training.stages import SILENT, Stages

_SPEED_SECONDS = 2.0
_SPEED_IMAGES = 32


@dataclass(frozen=True)
class Converted:
    """Manifest, graph and domain check's file of a converted bundle, not written yet."""

    manifest: Manifest
    graph: bytes
    domain: bytes | None = None


@dataclass(frozen=True)
class Measured:
    """Accuracy of one precision, `fp32` for the bundle itself, and its images per second.

    The speed is that of one thread, for one image at a time and in batches.
    """

    precision: str
    manifest: Manifest
    single: float
    batched: float


def convert_bundle(
    bundle: Bundle,
    images: ImageSet,
    precision: Precision,
    name: str,
    *,
    stages: Stages = SILENT,
) -> Converted:
    """Convert a bundle, and choose and measure its operating points again on the same identities.

    The bundle is of kind `encoder`, with its split; the images are the data that it was made from,
    unchanged; `name` is that of the new bundle. The stages are told what is being done.

    Raises:
        ExportError: The bundle cannot be converted.
        RunError: The data is not what the bundle was made from.
        SelfCheckError: The bundle's graph does not pass its self-check.
    """
    stages.begin(f"reading {images.name}, and converting the graph")
    manifest, split = bundle.manifest, _split_of(bundle, images)
    check_graph(bundle)
    locator = locator_of(bundle)
    sample = training_sample(images, split, manifest.input, locator)
    graph = convert(bundle.onnx, precision, sample)
    figures = measure_graph(manifest, graph, images, split, locator, stages=stages)
    summary = (
        f"{manifest.card.summary} Converted to {precision} by ONNX Runtime {ort.__version__} from "
        f"{manifest.name} {manifest.version} (sha256 {manifest.onnx.sha256[:16]}…)."
    )
    changes = {
        "name": name,
        "onnx": manifest.onnx.model_copy(update=_onnx_fields(graph, precision)),
        "graphs": None,
        "golden": _golden(graph, precision, manifest.input),
        "card": manifest.card.model_copy(update={"summary": summary}),
        **figures.fields,
    }
    converted = Manifest.model_validate(dict(manifest) | changes)
    return Converted(converted, graph, figures.domain_data)


def _onnx_fields(graph: bytes, precision: Precision) -> dict[str, object]:
    of = GraphPrecision.FP16 if precision is Precision.FP16 else GraphPrecision.INT8
    return {"sha256": sha256(graph), "bytes": len(graph), "precision": of}


def _golden(graph: bytes, precision: Precision, spec: InputSpec) -> Golden:
    if precision is not Precision.FP16:
        return golden_of(graph, spec)
    golden = OnnxEncoder(graph).embed(golden_image(spec)[np.newaxis])[0]
    return Golden(embedding=tuple(golden.tolist()), tolerance=TOLERANCE)


def add_int8(
    bundle: Bundle, images: ImageSet, to: Path, *, stages: Stages = SILENT
) -> tuple[GraphFiles, ...]:
    """Write a bundle as it is, with an int8 graph beside its own; returns the files of that.

    The images are the data that it was made from, unchanged. It is named after its folder `to`.
    The stages are told what is being done.

    Raises:
        ExportError: The bundle cannot be converted, or in int8 decides worse.
        RunError: The data is not what the bundle was made from.
        SelfCheckError: The bundle's graph does not pass its self-check.
    """
    stages.begin(f"reading {images.name}, and checking the graph")
    split = _split_of(bundle, images)
    check_graph(bundle)
    alone = bundle.manifest.model_copy(update={"name": bundle_name(to), "graphs": None})
    made = make_int8(alone, bundle.onnx, images, split, locator_of(bundle), stages=stages)
    if made.files is None:
        raise ExportError(f"{bundle.folder}: {made.reason}")
    manifest = with_graphs(alone, made.others)
    domain = None if bundle.domain is None else bundle.domain.astype("<f4").tobytes()
    write_like(bundle, manifest, to, domain, made.others)
    return made.others


def compare_precisions(bundle: Bundle, images: ImageSet) -> tuple[Measured, ...]:
    """Measure a bundle as it is, then in every other precision; raises as `convert_bundle`."""
    sample = decode(images.of(images.identities[:_SPEED_IMAGES], 1), bundle.manifest.input).pixels
    variants = {"fp32": Converted(bundle.manifest, bundle.onnx)}
    for precision in Precision:
        name = f"{bundle.manifest.name}-{precision}"
        variants[precision] = convert_bundle(bundle, images, precision, name)
    return tuple(
        Measured(
            precision=precision,
            manifest=converted.manifest,
            single=images_per_second(converted.graph, sample, batch=1),
            batched=images_per_second(converted.graph, sample, batch=len(sample)),
        )
        for precision, converted in variants.items()
    )


def images_per_second(graph: bytes, images: NDArray[np.uint8], batch: int) -> float:
    """Measure the speed of a graph on one thread, in images per second of processor time.

    The images are uint8, (N, H, W, C), at least `batch` of them.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images[:batch]}
    session.run(None, feed)
    runs, began = 0, time.process_time()
    while (spent := time.process_time() - began) < _SPEED_SECONDS:
        session.run(None, feed)
        runs += 1
    return runs * batch / spent


def _split_of(bundle: Bundle, images: ImageSet) -> DataSplit:
    manifest = bundle.manifest
    identities = manifest.split_by is SplitBy.IDENTITY
    if manifest.kind is not Kind.ENCODER or bundle.split is None or not identities:
        raise ExportError(
            f"{bundle.folder} cannot be converted: only an encoder with its split of identities can"
        )
    again = manifest.origin.calibrated_on
    if again is not None:
        raise ExportError(
            f"{bundle.folder} was calibrated on other data; convert the bundle that it is from, "
            f"{again.of}, and calibrate the result"
        )
    is_trained = manifest.provenance is not None
    split = split_by_digests(images, bundle.split, manifest.split_by, is_trained=is_trained)
    if split is None or images.fingerprint() != manifest.origin.data_sha256:
        raise RunError(
            f"{images.name} is not the data that {bundle.folder} was made from; its operating "
            "points cannot be chosen again without it"
        )
    return split
