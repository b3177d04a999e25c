"""Measure how often a photograph of a face gets the decision of its aligned picture.

    python -m scripts.measures.photograph_decisions model/bundles/faces ../shared/data/lfw [LOCATOR]

Photographs of 640 x 480 are composed of aligned pictures of the calibration people: a face of
stated sizes and turns, anywhere, on a background made of other pictures. Each, located as the
service does, is compared with the aligned pictures of all others, and the decision at the bundle's
default threshold is held against that of the aligned picture itself. Test people are not looked at.
With the folder of another locator, that one locates, and the threshold is the one at which 1 % of
the impostor pairs of its aligned pictures match. Printed first are the errors of these pictures,
and for each setting what a locator would reach that finds in the photograph the very square that
was located in the aligned picture.
"""

import io
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.bundle import Bundle, identity_digest, open_bundle
from model.errors import ImageError
from model.locating.cutting import cut_input
from model.locating.locator import Locator
from model.locating.squares import Located
from model.preprocessing import preprocess_located
from training.data.decoding import decode
from training.data.source import open_data
from training.inference.locating import locator_of, started
from training.inference.onnx_runtime import OnnxEncoder
from training.locator.backgrounds import make_backgrounds
from training.locator.named import load_locator_config
from training.locator.training_run import input_of
from training.locator.trials import Trial, photographs
from training.metrics.pairs import all_pairs
from training.metrics.rates import equal_error, fnmr_at_fmr, threshold_at_fmr
from training.serving_graph.locator_folder import open_locator

PICTURES, BACKGROUNDS, SEED = 500, 256, 21
_TARGET = 0.01
Vectors = NDArray[np.float32]
SETTINGS = {
    "faces of 96 to 480 pixels, up to 20 degrees": ((0.2, 1.0), 20.0),
    "faces of 48 to 480 pixels, up to 45 degrees": ((0.1, 1.0), 45.0),
}


def main(folder: Path, data: Path, locators: Path | None = None) -> None:
    """Print the share of pairs with the same decision, for each setting."""
    bundle = open_bundle(folder)
    locator = locator_of(bundle) if locators is None else started(open_locator(locators))
    if locator is None or bundle.split is None:
        sys.exit(f"{folder} needs a locator, and split.json with whom it was calibrated on")
    embedder = Embedder(bundle, locator)
    images = open_data(data)
    calibrated = [n for n in images.identities if identity_digest(n) in bundle.split.calibration]
    everyone = images.of(calibrated)
    config = load_locator_config("face_locator")
    pictures = decode(everyone, input_of(config)).pixels
    aligned = embedder.located(map(Image.fromarray, pictures))
    acquired = np.flatnonzero(np.isfinite(aligned).all(axis=1))
    chosen = np.random.default_rng(SEED).permutation(acquired)[:PICTURES]
    genuine = everyone.labels()[chosen, None] == everyone.labels()[None, acquired]
    others = chosen[:, None] != acquired[None]
    backgrounds = make_backgrounds(pictures, config.core, BACKGROUNDS, SEED)
    pairs = all_pairs(aligned[acquired], everyone.labels()[acquired], bundle.manifest.metric)
    threshold = bundle.manifest.calibration.default_point.threshold
    if locators is not None:
        threshold = threshold_at_fmr(pairs.impostor, _TARGET)
    print(f"{bundle.manifest.name} {bundle.manifest.version}, threshold {threshold:.4g}")
    print(
        f"aligned pictures: {len(acquired):,} of {len(aligned):,} located; "
        f"EER {equal_error(pairs).rate:.2%}, "
        f"FNMR {fnmr_at_fmr(pairs.genuine, pairs.impostor, _TARGET):.1%} at FMR {_TARGET:.0%}"
    )
    expected = distances(aligned[chosen], aligned[acquired]) < threshold
    for name, (shares, turn) in SETTINGS.items():
        turned = config.model_copy(update={"turn": turn})
        trials = list(photographs(pictures[chosen], backgrounds, turned, SEED, shares))
        shown = embedder.located(trial.picture for trial in trials)
        there = np.isfinite(shown).all(axis=1)
        same = (distances(shown, aligned[acquired]) < threshold) == expected
        report(name, same[there], genuine[there], others[there], there.mean())
        shown = embedder.at_the_square_of(pictures[chosen], trials)
        same = (distances(shown, aligned[acquired]) < threshold) == expected
        report(f"{name}, at the square of the aligned picture", same, genuine, others, 1.0)


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


class Embedder:
    """An encoder and a locator, which may be another than the encoder's own."""

    def __init__(self, bundle: Bundle, locator: Locator) -> None:
        self._spec, self._locator = bundle.manifest.input, locator
        self._encoder = OnnxEncoder(bundle.onnx)

    def located(self, pictures: Iterable[Image.Image]) -> Vectors:
        """Embed pictures as the service does, (pictures, dim); NaN where not one is located."""
        found = [self._as_served(picture) for picture in pictures]
        nothing = np.full_like(next(each for each in found if each is not None), np.nan)
        return np.stack([nothing if each is None else each for each in found])

    def at_the_square_of(self, pictures: NDArray[np.uint8], trials: list[Trial]) -> Vectors:
        """Embed photographs, each cut where its aligned picture's square is in it."""
        rows = []
        for pixels, trial in zip(pictures, trials, strict=True):
            located = self._locator.find(Image.fromarray(pixels)).located
            square = _in_photograph(located, trial, pixels.shape[0])
            crop = cut_input(trial.picture.convert("RGB"), square, self._spec, self._locator.spec)
            rows.append(self._encoder.embed(np.asarray(crop)[np.newaxis])[0])
        return np.stack(rows)

    def _as_served(self, picture: Image.Image) -> Vectors | None:
        file = io.BytesIO()
        picture.save(file, "PNG")
        try:
            crop, _ = preprocess_located(file.getvalue(), self._spec, self._locator)
        except ImageError:
            return None
        vector: Vectors = self._encoder.embed(crop[np.newaxis])[0]
        return vector


def _in_photograph(located: Located, trial: Trial, side: int) -> Located:
    """The square of an aligned picture of that side, in the photograph that shows the picture."""
    if trial.thing is None:
        raise ValueError("the photograph shows nothing")
    x, y = trial.thing.at((located.x / side, located.y / side))
    of_thing = complex(trial.thing.u, trial.thing.v)
    turn = complex(located.u, located.v) * of_thing / (side / 2)
    return Located(located.score, x, y, turn.real, turn.imag)


def distances(one: Vectors, other: Vectors) -> Vectors:
    """L2 energies of each row of one with each row of the other, (one, other)."""
    squared = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    result: Vectors = np.sqrt(np.maximum(squared, 0))
    return result


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
