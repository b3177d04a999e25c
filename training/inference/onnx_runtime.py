"""Inference in ONNX Runtime: the very graph that is shipped, on the CPU."""

from typing import Any, ClassVar

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from training.stages import SILENT, Stages

# ONNX Runtime's errors have no common base class but Exception.
FAILURES = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
_BATCH = 64


class _Graph:
    counted: ClassVar[str]
    """What a run of the graph does to each row of its inputs."""

    def __init__(self, onnx: bytes, stages: Stages = SILENT) -> None:
        self._stages = stages
        options = ort.SessionOptions()
        # Threads that spin while they wait take the cores of other processes.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        self._inputs = [given.name for given in self._session.get_inputs()]

    def _run(self, *images: NDArray[np.uint8]) -> NDArray[Any]:
        """Run the graph in batches: as many arrays as it has inputs, each (N, H, W, C)."""
        batches = [
            {name: rows[i : i + _BATCH] for name, rows in zip(self._inputs, images, strict=True)}
            for i in range(0, len(images[0]), _BATCH)
        ]
        return np.concatenate([self._answers(batch) for batch in batches])

    def _answers(self, batch: dict[str, NDArray[np.uint8]]) -> NDArray[Any]:
        answers: NDArray[Any] = self._session.run(None, batch)[0]
        self._stages.count(self.counted, len(answers))
        return answers


class OnnxEncoder(_Graph):
    """Graph of an encoder."""

    counted = "embedded"

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.generic]:
        """Embed images, uint8 (N, H, W, C): (N, dim), float32, or uint8 for codes."""
        return self._run(images)


class OnnxLocator(_Graph):
    """Graph of a locator."""

    counted = "searched"

    def find(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Candidates in pictures, uint8 (N, H, W, 3): float32, (N, 8, 5)."""
        return self._run(pictures)


class OnnxScorer(_Graph):
    """Graph of a pair model."""

    counted = "pairs compared"

    def score(self, images1: NDArray[np.uint8], images2: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Energies of pairs of images, each uint8 (N, H, W, C): float32, (N,)."""
        return self._run(images1, images2)
