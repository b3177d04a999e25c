"""Images that `general_start` is trained on: people of LFW, and Omniglot's background signs.

    python -m training.data.general_start --data ../shared/data --to runs/general_data

Of LFW the people whom `faces-crops` is trained on, with two photographs or more, and at most twelve
of each, cut to the middle; ten drawings of each sign, every second sign white on black.
"""

import argparse
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from model.bundle import identity_digest, open_bundle

_ROOT = Path(__file__).parents[2]
_SIDE = 80
_MIDDLE = 0.72
"""Share of a photograph's width and height that is kept, around its centre."""
_FACES, _SIGNS = 12, 10


def _folders(archive: Path, ending: str) -> Iterator[tuple[str, list[Image.Image]]]:
    """Yield the images of each folder of an archive."""
    with zipfile.ZipFile(archive) as opened:
        folders = defaultdict(list)
        for name in sorted(opened.namelist()):
            if name.endswith(ending):
                folders[name.rpartition("/")[0]].append(name)
        for folder, names in folders.items():
            yield folder, [Image.open(io.BytesIO(opened.read(name))) for name in names[:_FACES]]


def _faces(data: Path, to: Path) -> None:
    split = open_bundle(_ROOT / "model" / "bundles" / "faces-crops").split
    known = frozenset[str]() if split is None else split.train
    for folder, images in _folders(next((data / "lfw").glob("lfw*.zip")), ".jpg"):
        name = folder.rpartition("/")[2]
        if len(images) > 1 and identity_digest(name) in known:
            _write(to / name, [_middle(image.convert("RGB")) for image in images])


def _middle(image: Image.Image) -> Image.Image:
    left, top = (round(side * (1 - _MIDDLE) / 2) for side in image.size)
    right, bottom = (round(side * (1 + _MIDDLE) / 2) for side in image.size)
    cut = image.crop((left, top, right, bottom))
    return cut.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


def _signs(data: Path, to: Path) -> None:
    archive = next((data / "omniglot").glob("images_background*.zip"))
    for number, (folder, images) in enumerate(_folders(archive, ".png")):
        grey = [image.convert("L").resize((_SIDE,) * 2, Image.Resampling.BOX) for image in images]
        drawn = [ImageOps.invert(image) if number % 2 else image for image in grey[:_SIGNS]]
        _write(to / f"omniglot-{folder.replace('/', '-')}", [each.convert("RGB") for each in drawn])


def _write(folder: Path, images: list[Image.Image]) -> None:
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        image.save(folder / f"{number:02d}.png")


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(prog="python -m training.data.general_start")
    parser.add_argument("--data", type=Path, required=True, help="the folder of lfw and omniglot")
    parser.add_argument("--to", type=Path, required=True, help="a new folder")
    chosen = parser.parse_args()
    _faces(chosen.data, chosen.to)
    _signs(chosen.data, chosen.to)


if __name__ == "__main__":
    main()
