"""ONNX Runtime, for measuring the very graph that is shipped."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

_BATCH = 64


class OnnxEncoder:
    """A bundle's graph on the CPU."""

    def __init__(self, onnx: bytes) -> None:
        self._session = ort.InferenceSession(onnx, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.generic]:
        """Embed images.

        Args:
            images: uint8, (N, H, W, C).

        Returns:
            (N, dim), float32, or uint8 where the bundle gives codes.
        """
        batches = [
            self._session.run(None, {self._input: images[i : i + _BATCH]})[0]
            for i in range(0, len(images), _BATCH)
        ]
        return np.concatenate(batches)
