"""First runs of an adopted graph, on real images and on the golden image."""

import numpy as np
from numpy.typing import NDArray

from model.bounded_run import limits_for, run_bounded
from model.golden import TOLERANCE, golden_image, golden_pairs
from model.locating.locator import Locator
from model.manifest import Golden, InputSpec, Kind
from training.adoption.wrapping import Answer
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.errors import AdoptionError, CollapsedError
from training.fit.divergence import check_energies, check_spread
from training.inference.onnx_runtime import FAILURES, OnnxEncoder, OnnxScorer

_IMAGES = 16
AGREEMENT = 1e-4
"""Largest difference of a batch from single images, relative to the answers' largest magnitude."""

Pixels = NDArray[np.uint8]


def try_graph(
    graph: bytes,
    kind: Kind,
    spec: InputSpec,
    images: ImageSet,
    locator: Locator | None = None,
) -> None:
    """Run an adopted graph for the first time, on some images.

    Raises:
        SelfCheckError: It cannot be run, takes too long or too much memory, an answer is not
            finite, a batch gets other answers than its images alone, or every image gets the same.
    """
    pixels = decode(images.of(images.identities[:_IMAGES], 1), spec, locator).pixels
    run_bounded(lambda: _try(graph, kind, pixels), limits_for(graph), "the adopted graph")


def _try(graph: bytes, kind: Kind, pixels: Pixels) -> None:
    try:
        others = np.roll(pixels, 1, axis=0)
        together = _answers(graph, kind, pixels, others)
        singles = (slice(i, i + 1) for i in range(len(pixels)))
        alone = np.concatenate([_answers(graph, kind, pixels[i], others[i]) for i in singles])
    except FAILURES as error:
        reason = str(error).strip().splitlines()[0]
        raise AdoptionError(f"the adopted graph cannot be run: {reason}") from error
    if together.shape != alone.shape or len(together) != len(pixels):
        raise AdoptionError(
            f"the graph gives {len(together)} answers for {len(pixels)} images or pairs; it must "
            "give one for each"
        )
    if not np.isfinite(together).all():
        raise AdoptionError("the graph's answers are not finite")
    difference = np.abs(together - alone).max() / max(np.abs(together).max(), 1e-30)
    if difference > AGREEMENT:
        raise AdoptionError(
            f"an image gets another answer in a batch than alone (by {difference:.1e} of the "
            "largest): the graph mixes the images of a batch; export it for one image, in "
            "evaluation mode"
        )
    try:
        check_energies(together) if kind is Kind.PAIR else check_spread(together)
    except CollapsedError as error:
        hint = ", and --bit-threshold" if kind is Kind.CODES else ""
        raise CollapsedError(f"{error}; is the preprocessing declared rightly{hint}?") from error


def _answers(graph: bytes, kind: Kind, pixels: Pixels, others: Pixels) -> NDArray[np.float32]:
    """Answers as numbers that differ where the metric differs, (images, numbers).

    The other images are those that a network of pairs compares the images with.
    """
    if kind is Kind.PAIR:
        return OnnxScorer(graph).score(pixels, others)
    answers = OnnxEncoder(graph).embed(pixels)
    if kind is Kind.CODES:
        return 2 * np.unpackbits(answers.astype(np.uint8), axis=1).astype(np.float32) - 1
    return answers.astype(np.float32)


def golden_answer(
    graph: bytes, answer: Answer, spec: InputSpec, activations: bytes | None = None
) -> Golden:
    """Run an adopted graph on the golden image, or on the golden pairs.

    Args:
        graph: The wrapped graph.
        answer: Reading of the network's output.
        spec: Input of the bundle.
        activations: Graph of the activations behind a code; None where the encoder itself answers
            bits, which are then all compared.
    """
    if answer.kind is Kind.PAIR:
        energies = OnnxScorer(graph).score(*golden_pairs(spec))
        return Golden(
            formula="ramp-1-pairs", embedding=tuple(energies.tolist()), tolerance=TOLERANCE
        )
    image = golden_image(spec)[np.newaxis]
    golden = Golden(
        embedding=tuple(OnnxEncoder(graph).embed(image)[0].tolist()), tolerance=TOLERANCE
    )
    if activations is None:
        return golden
    values = OnnxEncoder(activations).embed(image)[0].astype(np.float32)
    margins = np.abs(values - answer.bit_threshold)
    undecided = np.flatnonzero(margins <= TOLERANCE * np.abs(values).max())
    return golden.model_copy(update={"undecided": tuple(undecided.tolist())})
