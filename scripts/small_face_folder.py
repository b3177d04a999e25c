"""Make a small folder of faces that the shipped `faces` was not trained on, to try training with.

    python -m scripts.small_face_folder ../shared/data/lfw /tmp/faces40

Writes `small/`, 40 test people of LFW's View 1 with 5 images each, drawn by seed, and `others/`,
all other test people: the first to train on, the second to measure on.
"""

import sys
from pathlib import Path

import numpy as np

from training.data.image_set import ImageSet
from training.data.readers.lfw import read_lfw

PEOPLE, IMAGES, SEED = 40, 5, 0


def main(lfw: Path, out: Path) -> None:
    """Write both folders."""
    faces = read_lfw(lfw)
    tested = faces.of(faces.test_identities)
    counts = np.bincount(tested.labels())
    enough = [name for name, n in zip(tested.identities, counts, strict=True) if n >= IMAGES]
    chosen = set(np.random.default_rng(SEED).permutation(enough)[:PEOPLE].tolist())
    write(tested.of(chosen, IMAGES), out / "small")
    write(tested.of(set(tested.identities) - chosen), out / "others")


def write(images: ImageSet, folder: Path) -> None:
    """Write the files of images unchanged, in a folder for each person."""
    for image in images:
        path = folder / image.identity / Path(image.name).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image.read())
    print(f"{folder}: {len(images)} images of {len(images.identities)} people")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
