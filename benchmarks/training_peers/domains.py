"""Folders of identities of many kinds, written for the race from data sets, fonts and drawings."""

import gzip
import io
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from benchmarks.host import machine
from benchmarks.training_peers.emoji import emoji
from benchmarks.training_peers.parts import parts
from benchmarks.training_peers.relief import picture, relief
from benchmarks.training_peers.typefaces import typefaces
from model.bundle import identity_digest, open_bundle

Pixels = NDArray[np.uint8]
Identity = tuple[str, Iterable[Pixels]]


def reliefs(_data: Path, *, moved: bool = False) -> Iterator[Identity]:
    """Drawn reliefs under strong light, and from different sides if `moved`."""
    for number in count():
        rng = np.random.default_rng([7, number])
        yield f"relief{number:03d}", (picture(relief(number), rng, moved=moved) for _ in range(100))


def moved_reliefs(data: Path) -> Iterator[Identity]:
    """Drawn reliefs under strong light and from different sides."""
    return reliefs(data, moved=True)


def att(data: Path) -> Iterator[Identity]:
    """Yield the 40 people of AT&T, as they were photographed."""
    yield from _members(data / "att_faces.zip", ".pgm")


def lit_att(data: Path) -> Iterator[Identity]:
    """Yield AT&T's people with light gradients, shadows and other exposures painted over them."""
    for name, files in att(data):
        rng = np.random.default_rng([9, *name.encode()])
        yield name, [_lit(pixels, rng) for pixels in files for _ in range(6)]


def lfw(data: Path) -> Iterator[Identity]:
    """Yield people of LFW on whom no shipped encoder was trained or calibrated."""
    split = open_bundle(machine.ROOT / "model" / "bundles" / "faces-crops").split
    known = frozenset[str]() if split is None else split.train | split.calibration
    for name, pictures in _members(next((data / "lfw").glob("lfw*.zip")), ".jpg"):
        if identity_digest(name.rpartition("lfw-deepfunneled-")[2]) not in known:
            yield name, pictures


def omniglot(data: Path) -> Iterator[Identity]:
    """Yield the characters of Omniglot's evaluation alphabets, one alphabet after another."""
    archive = next((data / "omniglot").glob("images_evaluation*.zip"))
    yield from _members(archive, ".png")


def mnist(data: Path) -> Iterator[Identity]:
    """Yield MNIST's digits, and their quarter turns as identities of their own.

    A digit that is much like itself upside down is turned once; 6 turned twice is much like 9.
    """
    folder = data / "mnist"
    labels = _idx(folder / "train-labels-idx1-ubyte.gz", 8)
    images = _idx(folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    turned = [(digit, turns) for digit in range(1, 9) for turns in range(4)]
    turned = [(digit, turns) for digit, turns in turned if digit not in {1, 8} or turns < 2]  # noqa: PLR2004
    for number in np.random.default_rng(4).permutation(len(turned)):
        digit, turns = turned[number]
        drawn = images[labels == digit][turns::4]  # No image is under two identities.
        yield f"digit{digit}-turned{turns}", (np.rot90(image, turns) for image in drawn)


def _idx(file: Path, head: int) -> Pixels:
    return np.frombuffer(gzip.decompress(file.read_bytes())[head:], dtype=np.uint8)


def _members(archive: Path, ending: str) -> Iterator[Identity]:
    """Yield the images of an archive, by their folder."""
    with zipfile.ZipFile(archive) as opened:
        folders = defaultdict(list)
        for name in sorted(opened.namelist()):
            if name.endswith(ending):
                folders[name.rpartition("/")[0]].append(name)
        for folder, names in folders.items():
            yield folder.replace("/", "-"), [_pixels(opened.read(name)) for name in names]


def _pixels(content: bytes) -> Pixels:
    image = Image.open(io.BytesIO(content))
    return np.asarray(image if image.mode == "RGB" else image.convert("L"))


def _lit(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Light a picture from one side, with a soft-edged shadow, and expose it differently."""
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    field = np.exp(rng.uniform(0.3, 1.6) * along)
    waves = gaussian_filter(rng.normal(0, 1, (height, width)), 0.25 * width, mode="reflect")
    field *= np.exp(0.8 * waves / waves.std())
    edge = along * np.sign(rng.normal()) + rng.uniform(-0.2, 0.8)
    field *= 0.08 + 0.92 / (1 + np.exp(-edge / rng.uniform(0.03, 0.3)))
    lit = (pixels / 255) * field / field.max() * rng.uniform(0.8, 2.0)
    exposed: Pixels = (255 * np.clip(lit + rng.normal(0, 0.01, lit.shape), 0, 1)).astype(np.uint8)
    return exposed


DOMAINS: dict[str, Callable[[Path], Iterator[Identity]]] = {
    "att": att,
    "lit-att": lit_att,
    "lfw": lfw,
    "omniglot": omniglot,
    "mnist": mnist,
    "typefaces": typefaces,
    "emoji": emoji,
    "parts": parts,
    "reliefs": reliefs,
    "moved-reliefs": moved_reliefs,
}


def write_folder(domain: str, data: Path, size: tuple[int, int], to: Path, *, skip: int = 0) -> int:
    """Write a domain as a folder of identities, and return their number.

    The size is the number of identities and of images of each; identities with fewer are left out,
    and the first ones that are to be skipped.
    """
    identities, images = size
    seen = written = 0
    for name, found in DOMAINS[domain](data):
        if written == identities:
            break
        pictures = [pixels for pixels, _ in zip(found, range(images), strict=False)]
        seen += len(pictures) == images
        if len(pictures) < images or seen <= skip:
            continue
        (to / name).mkdir(parents=True)
        for number, pixels in enumerate(pictures):
            Image.fromarray(np.ascontiguousarray(pixels)).save(to / name / f"{number:03d}.png")
        written += 1
    return written
