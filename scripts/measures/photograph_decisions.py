"""Measure how often a photograph of a face gets the decision of its aligned picture.

    python -m scripts.measures.photograph_decisions model/bundles/faces ../shared/data/lfw

Photographs of 640 x 480 are composed of aligned pictures of the calibration people: a face of
stated sizes and turns, anywhere, on a background made of other pictures. Each, located as the
service does, is compared with the aligned pictures of all others, and the decision at the bundle's
default threshold is held against that of the aligned picture itself. Test people are not looked at.
"""

import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.bundle import Bundle, identity_digest, open_bundle
from model.errors import ImageError
from model.preprocessing import preprocess_located
from training.data.decoding import decode
from training.data.source import open_data
from training.inference.locating import locator_of
from training.inference.onnx_runtime import OnnxEncoder
from training.locator.backgrounds import make_backgrounds
from training.locator.named import load_locator_config
from training.locator.training_run import input_of
from training.locator.trials import photographs

PICTURES, BACKGROUNDS, SEED = 500, 256, 21
SETTINGS = {
    "faces of 96 to 480 pixels, up to 20 degrees": ((0.2, 1.0), 20.0),
    "faces of 48 to 480 pixels, up to 45 degrees": ((0.1, 1.0), 45.0),
}


def main(folder: Path, data: Path) -> None:
    """Print the share of pairs with the same decision, for each setting."""
    bundle = open_bundle(folder)
    if bundle.split is None:
        sys.exit(f"{folder} has no split.json, so whom it was calibrated on is not known")
    images = open_data(data)
    calibrated = [n for n in images.identities if identity_digest(n) in bundle.split.calibration]
    everyone = images.of(calibrated)
    config = load_locator_config("face_locator")
    pictures = decode(everyone, input_of(config)).pixels
    rng = np.random.default_rng(SEED)
    aligned = embeddings_of(bundle, [Image.fromarray(each) for each in pictures])
    acquired = np.flatnonzero(np.isfinite(aligned).all(axis=1))
    chosen = rng.permutation(acquired)[:PICTURES]
    genuine = everyone.labels()[chosen, None] == everyone.labels()[None, acquired]
    others = chosen[:, None] != acquired[None]
    backgrounds = make_backgrounds(pictures, config.core, BACKGROUNDS, SEED)
    threshold = bundle.manifest.calibration.default_point.threshold
    print(f"{bundle.manifest.name} {bundle.manifest.version}, threshold {threshold:.4g}")
    for name, (shares, turn) in SETTINGS.items():
        turned = config.model_copy(update={"turn": turn})
        trials = photographs(pictures[chosen], backgrounds, turned, SEED, shares)
        shown = embeddings_of(bundle, [trial.picture for trial in trials])
        located = np.isfinite(shown).all(axis=1)
        expected = distances(aligned[chosen], aligned[acquired]) < threshold
        same = (distances(shown, aligned[acquired]) < threshold) == expected
        report(name, same[located], genuine[located], others[located], located.mean())


def report(
    name: str,
    same: NDArray[np.bool_],
    genuine: NDArray[np.bool_],
    others: NDArray[np.bool_],
    located: float,
) -> None:
    """Print one line: of all pairs, and of those of one person."""
    all_pairs, of_one = same[others].mean(), same[others & genuine].mean()
    print(
        f"{name}: {located:.1%} located; the same decision in {all_pairs:.2%} of "
        f"{others.sum():,} pairs, and in {of_one:.1%} of {(others & genuine).sum():,} of one person"
    )


def embeddings_of(bundle: Bundle, pictures: list[Image.Image]) -> NDArray[np.float32]:
    """Embed pictures as the service does, (pictures, dim); NaN where not one face is located."""
    locator, encoder = locator_of(bundle), OnnxEncoder(bundle.onnx)
    if locator is None:
        sys.exit(f"{bundle.folder} locates nothing: take a bundle with a locator")
    found = np.full((len(pictures), bundle.manifest.embedding_dim), np.nan, dtype=np.float32)
    for row, picture in enumerate(pictures):
        file = io.BytesIO()
        picture.save(file, "PNG")
        try:
            crop, _ = preprocess_located(file.getvalue(), bundle.manifest.input, locator)
        except ImageError:
            continue
        found[row] = encoder.embed(crop[np.newaxis])[0]
    return found


def distances(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """L2 energies of each row of one with each row of the other, (one, other)."""
    result: NDArray[np.float32] = np.linalg.norm(one[:, None] - other[None], axis=2)
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
