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


class OnnxScorer:
    """A pair model's graph on the CPU."""

    def __init__(self, onnx: bytes) -> None:
        self._session = ort.InferenceSession(onnx, providers=["CPUExecutionProvider"])

    def score(self, images1: NDArray[np.uint8], images2: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compare pairs.

        Args:
            images1: uint8, (N, H, W, C).
            images2: Of the same shape.

        Returns:
            The energies, float32, (N,).
        """
        batches = [
            self._session.run(
                None, {"images1": images1[i : i + _BATCH], "images2": images2[i : i + _BATCH]}
            )[0]
            for i in range(0, len(images1), _BATCH)
        ]
        return np.concatenate(batches)
