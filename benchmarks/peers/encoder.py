"""The encoder of all peers: the same graph, in ordinary use of Pillow and ONNX Runtime.

The graph runs on one thread, as in the service: the default of ONNX Runtime, a thread for each core
of the machine, is slower on one core. `PEER_BUNDLE` names the folder of the bundle.
"""

import json
import os
from pathlib import Path
from typing import IO, Any

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


class Encoder:
    """Decodes images, and computes energy and decision of pairs."""

    def __init__(self) -> None:
        bundle = Path(os.environ["PEER_BUNDLE"])
        manifest = json.loads((bundle / "manifest.json").read_text())
        self._size = (manifest["input"]["width"], manifest["input"]["height"])
        self._mode = "L" if manifest["input"]["channels"] == 1 else "RGB"
        self._norm = 1 if manifest["metric"] == "l1" else 2
        points = manifest["calibration"]["operating_points"]
        self._threshold = points[0]["threshold"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = str(bundle / "encoder.onnx")
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def decode(self, file: IO[bytes]) -> Any:  # noqa: ANN401 (an array)
        """Return an image file as uint8 (height, width, channels)."""
        return self.fit(Image.open(file))

    def fit(self, image: Image.Image) -> Any:  # noqa: ANN401 (an array)
        """Return an image as uint8 (height, width, channels)."""
        fitted = ImageOps.fit(image.convert(self._mode), self._size, Image.Resampling.BILINEAR)
        return np.asarray(fitted).reshape(self._size[1], self._size[0], -1)

    def compare(self, pairs: Any) -> list[dict[str, float | bool]]:  # noqa: ANN401 (an array)
        """Return the answer for each pair of images, uint8 (n, 2, height, width, channels)."""
        images = np.asarray(pairs).reshape(-1, *np.shape(pairs)[2:])
        embeddings = self._session.run(None, {self._input: images})[0]
        differences = embeddings[::2] - embeddings[1::2]
        energies = np.linalg.norm(differences, ord=self._norm, axis=1)
        return [{"energy": float(e), "same": bool(e <= self._threshold)} for e in energies]
