"""Conversion of a bundle to another precision, with thresholds and error rates of its own."""

import time
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from model.bundle import Bundle, sha256
from model.golden import TOLERANCE, golden_image
from model.manifest import Golden, Kind, Manifest, SplitBy
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit, split_by_digests
from training.errors import ExportError, RunError
from training.export.quantisation import Precision, convert
from training.export.recalibrate import measure_graph
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.self_check import check_graph

_SAMPLE = 512
"""Largest number of calibration images that activation ranges are measured on."""
_INT8_TOLERANCE = 5e-2
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


def convert_bundle(bundle: Bundle, images: ImageSet, precision: Precision, name: str) -> Converted:
    """Convert a bundle, and choose and measure its operating points again on the same identities.

    The bundle is of kind `encoder`, with its split; the images are the data that it was made from,
    unchanged; `name` is that of the new bundle.

    Raises:
        ExportError: The bundle cannot be converted.
        RunError: The data is not what the bundle was made from.
        SelfCheckError: The bundle's graph does not pass its self-check.
    """
    manifest, split = bundle.manifest, _split_of(bundle, images)
    check_graph(bundle)
    sample = decode(images.of(split.calibration), manifest.input).pixels
    spread = np.linspace(0, len(sample) - 1, min(_SAMPLE, len(sample))).astype(int)
    graph = convert(bundle.onnx, precision, sample[spread])
    golden = OnnxEncoder(graph).embed(golden_image(manifest.input)[np.newaxis])[0]
    # The rounding of int8 differs between processors, and adds up.
    tolerance = TOLERANCE if precision is Precision.FP16 else _INT8_TOLERANCE
    figures = measure_graph(manifest, graph, images, split)
    summary = (
        f"{manifest.card.summary} Converted to {precision} by ONNX Runtime {ort.__version__} from "
        f"{manifest.name} {manifest.version} (sha256 {manifest.onnx.sha256[:16]}…)."
    )
    changes = {
        "name": name,
        "onnx": manifest.onnx.model_copy(update={"sha256": sha256(graph), "bytes": len(graph)}),
        "golden": Golden(embedding=tuple(golden.tolist()), tolerance=tolerance),
        "card": manifest.card.model_copy(update={"summary": summary}),
        **figures.fields,
    }
    converted = Manifest.model_validate(dict(manifest) | changes)
    return Converted(converted, graph, figures.domain_data)


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
