"""Five landmarks of a face, by a published detector: MTCNN (Zhang et al. 2016, figure 1).

The graphs are those of a package, in its folder. Each takes float32 (n, width, height, 3), scaled
to -1 … 1: width and height are swapped, as in the network's first implementation.
"""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from model.locating.squares import Landmarks

Numbers = NDArray[np.float64]

_CELL, _STRIDE = 12, 2
"""Side and step of the first network's windows, in pixels."""
_SMALLEST = 40
"""Side of the smallest face that is looked for, in pixels."""
_STEP = 0.709
"""Scale of a level of the pyramid in that of the level before."""
_PROPOSED, _REFINED, _GIVEN = 0.6, 0.7, 0.7
"""Least score of each network's candidates."""


class CascadedDetector:
    """The three networks, each of which looks closer at what the one before has left.

    Args:
        folder: Holds `pnet.onnx`, `rnet.onnx` and `onet.onnx`.
    """

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._proposing, self._refining, self._giving = (
            onnxruntime.InferenceSession(
                str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
            )
            for name in ("pnet", "rnet", "onet")
        )

    def find(self, picture: Image.Image) -> list[Landmarks]:
        """Find the faces in a picture of mode RGB: eyes, nose and corners of the mouth of each."""
        boxes = _squares(self._proposals(picture))
        found = _by_size(self._refining, _crops(picture, boxes, 24))
        kept = found[2][:, 1] > _REFINED
        boxes, scores, moves = boxes[kept], found[2][kept, 1], found[4][kept]
        chosen = _without_doubles(boxes, scores, 0.7)
        boxes = _squares(_moved(boxes[chosen], moves[chosen]))
        found = _by_size(self._giving, _crops(picture, boxes, 48))
        kept = found[2][:, 1] > _GIVEN
        boxes, scores = boxes[kept], found[2][kept, 1]
        shares = found[10][kept].reshape(-1, 2, 5).transpose(0, 2, 1)
        points = boxes[:, None, :2] + shares * (boxes[:, None, 2:] - boxes[:, None, :2])
        chosen = _without_doubles(_moved(boxes, found[4][kept]), scores, 0.7)
        return [tuple((x, y) for x, y in face) for face in points[chosen].tolist()]

    def _proposals(self, picture: Image.Image) -> Numbers:
        boxes, scores, scale = [np.empty((0, 4))], [np.empty(0)], _CELL / _SMALLEST
        while min(picture.size) * scale >= _CELL:
            width, height = (int(np.ceil(side * scale)) for side in picture.size)
            level = _scaled(picture.resize((width, height), Image.Resampling.BILINEAR))
            found = _by_size(self._proposing, level.transpose(1, 0, 2)[None])
            across, down = np.nonzero(found[2][0, :, :, 1] >= _PROPOSED)
            corner = np.stack([across, down, across, down], axis=1) * _STRIDE
            windows = (corner + np.array([0, 0, _CELL, _CELL])) / scale
            strength = found[2][0, across, down, 1]
            chosen = _without_doubles(windows, strength, 0.5)
            boxes.append(_moved(windows, found[4][0, across, down])[chosen])
            scores.append(strength[chosen])
            scale *= _STEP
        every = np.concatenate(boxes)
        return every[_without_doubles(every, np.concatenate(scores), 0.7)]


def _by_size(
    session: onnxruntime.InferenceSession, pixels: NDArray[np.float32]
) -> dict[int, Numbers]:
    """Run a network; its outputs by their number of values for each candidate."""
    if not len(pixels):
        return {2: np.empty((0, 2)), 4: np.empty((0, 4)), 10: np.empty((0, 10))}
    values = session.run(None, {session.get_inputs()[0].name: pixels})
    return {each.shape[-1]: each.astype(np.float64) for each in values}


def _scaled(image: Image.Image) -> NDArray[np.float32]:
    return (np.asarray(image, dtype=np.float32) - 127.5) / 128


def _crops(picture: Image.Image, boxes: Numbers, side: int) -> NDArray[np.float32]:
    """Crops of a picture, float32 (boxes, side, side, 3), width before height."""
    crops = [
        _scaled(
            picture.crop(tuple(np.round(box).astype(int).tolist())).resize(
                (side, side), Image.Resampling.BILINEAR
            )
        )
        for box in boxes
    ]
    return np.array(crops, dtype=np.float32).reshape(-1, side, side, 3).transpose(0, 2, 1, 3)


def _moved(boxes: Numbers, moves: Numbers) -> Numbers:
    """Boxes with each edge moved by a share of the side."""
    return boxes + moves * np.tile(boxes[:, 2:] - boxes[:, :2], 2)


def _squares(boxes: Numbers) -> Numbers:
    """The squares around boxes, of their longer sides."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    halves = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True, initial=0) / 2
    return np.hstack([centres - halves, centres + halves])


def _without_doubles(boxes: Numbers, scores: Numbers, overlap: float) -> NDArray[np.intp]:
    """Rows of the best of the boxes whose intersection over union exceeds a share."""
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[left, :2])
        high = np.minimum(boxes[best, 2:], boxes[left, 2:])
        shared = np.prod(np.maximum(0, high - low), axis=1)
        left = left[shared <= overlap * (areas[best] + areas[left] - shared)]
    return np.array(kept, dtype=np.intp)
