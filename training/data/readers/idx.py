"""MNIST-style IDX files: images in one file, labels in another, gzipped or not.

The format (LeCun, Cortes, Burges): a big-endian magic number 0x00000801 for labels and 0x00000803
for images, one 32-bit size for each axis, then uint8 data.
"""

import gzip
import struct
import zlib
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.image_set import ImageSet, LabelledImage, sorted_images
from training.errors import DataError

_IMAGES, _LABELS = "-images-idx3-ubyte", "-labels-idx1-ubyte"
_MAX_BYTES = 4_000_000_000


def image_files(folder: Path) -> list[Path]:
    """Find the IDX image files of a folder, such as `train-images-idx3-ubyte.gz`."""
    return sorted(folder.glob(f"*{_IMAGES}*"))


def read_idx(folder: Path) -> ImageSet:
    """Read every pair of image and label files in a folder; a label is an identity.

    The images of `t10k` are the data set's own test images.

    Raises:
        DataError: A file without its counterpart, or not of the IDX format.
    """
    images = [image for path in image_files(folder) for image in _read_part(path)]
    tested = frozenset(image.name for image in images if image.name.startswith("t10k/"))
    return ImageSet(folder.resolve().name, sorted_images(images), test_images=tested)


def _read_part(path: Path) -> list[LabelledImage]:
    part = path.name.split(_IMAGES)[0]
    labels_path = path.with_name(path.name.replace(_IMAGES, _LABELS))
    pixels, labels = _read_array(path, axes=3), _read_array(labels_path, axes=1)
    if len(pixels) != len(labels):
        raise DataError(f"{path} has {len(pixels)} images, but {labels_path} {len(labels)} labels")
    return [
        LabelledImage(f"{part}/{i:06d}", str(label), partial(_as_pgm, pixels[i]))
        for i, label in enumerate(labels)
    ]


def _read_array(path: Path, axes: int) -> NDArray[np.uint8]:
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as file:
            data = file.read(_MAX_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    header = 4 + 4 * axes
    if len(data) < header or data[:4] != bytes([0, 0, 8, axes]):
        raise DataError(f"{path} is not an IDX file of uint8 with {axes} axes")
    shape = struct.unpack(f">{axes}I", data[4:header])
    if len(data) - header != int(np.prod(shape, dtype=np.int64)):
        raise DataError(f"{path} is cut short: its header promises shape {shape}")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def _as_pgm(pixels: NDArray[np.uint8]) -> bytes:
    """Encode as a PGM file, so that it is preprocessed as any other image."""
    height, width = pixels.shape
    return b"P5 %d %d 255\n" % (width, height) + pixels.tobytes()
