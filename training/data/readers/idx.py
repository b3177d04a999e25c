"""MNIST-style IDX files: images in one file, labels in another, gzipped or not.

The format (LeCun, Cortes, Burges): a big-endian magic number 0x00000801 for labels and 0x00000803
for images, one 32-bit size for each axis, then uint8 data.
"""

import gzip
import math
import re
import struct
import zlib
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import FileError
from model.files import check_regular
from training.data.image_set import ImageSet, LabelledImage, sorted_images
from training.data.readers.litter import is_litter
from training.errors import DataError

_IMAGES = re.compile(r"(.+)-images([-.])idx3-ubyte(?:\.gz)?")
_MAX_BYTES = 2_000_000_000
_GZIP = b"\x1f\x8b"


def image_files(folder: Path) -> list[Path]:
    """Find the IDX image files of a folder, such as `train-images-idx3-ubyte.gz`.

    Where a part is there both gzipped and not, the file that is not is returned.
    """
    found = (path for path in folder.glob("*idx3-ubyte*") if not is_litter(path.name))
    parts: dict[str, Path] = {}
    for path in sorted(found):
        if match := _IMAGES.fullmatch(path.name):
            parts.setdefault(match[1], path)
    return list(parts.values())


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
    part = path.name.split("-images")[0]
    labels_path = _labels_of(path, part)
    pixels, labels = _read_array(path, axes=3), _read_array(labels_path, axes=1)
    if len(pixels) != len(labels):
        raise DataError(f"{path} has {len(pixels)} images, but {labels_path} {len(labels)} labels")
    return [
        LabelledImage(f"{part}/{i:06d}", str(label), partial(_as_pgm, pixels[i]))
        for i, label in enumerate(labels)
    ]


def _labels_of(images: Path, part: str) -> Path:
    """Find the labels of a file of images, gzipped or not."""
    names = [f"{part}-labels{gap}idx1-ubyte{end}" for end in ("", ".gz") for gap in "-."]
    paths = [images.with_name(name) for name in names]
    like = images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))
    return next((path for path in (like, *paths) if path.is_file()), like)


def _read_array(path: Path, axes: int) -> NDArray[np.uint8]:
    header = 4 + 4 * axes
    try:
        check_regular(path)
        with path.open("rb") as raw:
            opener = gzip.open if raw.read(2) == _GZIP else open
        with opener(path, "rb") as file:
            head = file.read(header)
            if len(head) < header or head[:4] != bytes([0, 0, 8, axes]):
                raise DataError(f"{path} is not an IDX file of uint8 with {axes} axes")
            shape = struct.unpack(f">{axes}I", head[4:])
            size = math.prod(shape)
            if size > _MAX_BYTES:
                raise DataError(f"{path} promises {size:,} bytes; at most {_MAX_BYTES:,} are read")
            data = file.read(size + 1)
    except (FileError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if len(data) != size:
        raise DataError(f"{path} is cut short or too long: its header promises shape {shape}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _as_pgm(pixels: NDArray[np.uint8]) -> bytes:
    """Encode as a PGM file, so that it is preprocessed as any other image."""
    height, width = pixels.shape
    return b"P5 %d %d 255\n" % (width, height) + pixels.tobytes()
