"""Share of foreign and altered images that the pixels' score of a domain check flags.

    python -m training.trust.domain_study faces-crops --data ../shared/data --bands 16 --small 24

The check is fitted to identities that the bundle was trained on, and tried on others of them: the
pixels' score knows nothing of the encoder. No calibration or test identity of the bundle is read;
of the other data sets only AT&T's people 1 to 20, Omniglot's first 100 signs, and MNIST's digits.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from model import pixel_statistics
from model.bundle import Bundle, identity_digest, open_bundle
from model.domain import Domain
from model.pixel_statistics import PixelStatistics
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.domain_check.alterations import ALTERATIONS, altered
from training.domain_check.fit import FittedDomain, Sample, fit_images
from training.trust.corruptions import CORRUPTIONS, corrupted

Pixels = NDArray[np.uint8]

_OWN = {"faces-crops": "lfw", "omniglot": "omniglot"}
_IDENTITIES = {"faces-crops": 800, "omniglot": 150}
_IMAGES_EACH = 5
_SEED = 9


def main() -> None:
    """Print the processor time of an image, and the share flagged of each sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", choices=_OWN)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bands", type=int, default=16, help="bands of three rows that are read")
    parser.add_argument("--small", type=int, default=24, help="side of the small image")
    options = parser.parse_args()
    vars(pixel_statistics).update(_MAX_BANDS=options.bands, _SMALL=options.small)

    bundle = open_bundle(Path("model/bundles") / options.bundle)
    fitted_to, others = _parts(bundle, open_data(options.data / _OWN[options.bundle]))
    statistics = PixelStatistics(bundle.manifest.input)
    fitted = _fit(fitted_to, bundle, statistics)
    domain = Domain(
        fitted.check,
        np.frombuffer(fitted.data, "<f4"),
        bundle.manifest.kind,
        bundle.manifest.input,
    )
    time = _microseconds(statistics, _pixels(others, bundle))
    sys.stdout.write(f"{time:.0f} us an image, sixteen at once\n")
    for name, pixels in _samples(others, bundle, options.data):
        flagged = domain.is_out(domain.percentiles(pixels))
        sys.stdout.write(f"{name}: {100 * flagged.mean():.1f} % of {len(pixels)}\n")


def _parts(bundle: Bundle, images: ImageSet) -> tuple[ImageSet, ImageSet]:
    """Take identities that the bundle was trained on: some to fit to, and others."""
    seen = bundle.split.train if bundle.split else frozenset()
    known = sorted(
        (name for name in images.identities if identity_digest(name) in seen), key=identity_digest
    )
    count = _IDENTITIES[bundle.manifest.name]
    return (
        images.of(known[:count], _IMAGES_EACH),
        images.of(known[count : 2 * count], _IMAGES_EACH),
    )


def _fit(images: ImageSet, bundle: Bundle, statistics: PixelStatistics) -> FittedDomain:
    decoded = decode(images, bundle.manifest.input)
    fitted = fit_images(
        decoded.pixels,
        decoded.source.labels(),
        lambda pixels, labels: Sample(statistics(pixels), None, labels),
    )
    if fitted is None:
        raise SystemExit("too few images")
    return fitted


def _samples(others: ImageSet, bundle: Bundle, data: Path) -> Iterator[tuple[str, Pixels]]:
    own = _pixels(others, bundle)
    yield "own, unseen", own
    for name in CORRUPTIONS:
        yield name, _pixels(corrupted(others, name, _SEED), bundle)
    for alter, (_, pixels) in zip(ALTERATIONS, altered(own, _SEED), strict=True):
        yield f"altered as in the fit, {getattr(alter, '__name__', '')}", pixels
    people = open_data(data / "att_faces.zip")
    yield "AT&T 1 to 20", _pixels(people.of([f"s{i}" for i in range(1, 21)]), bundle)
    signs, digits = open_data(data / "omniglot"), open_data(data / "mnist")
    yield "signs", _pixels(signs.of(signs.identities[:100], 3), bundle)
    yield "digits", _pixels(digits.of(digits.identities, 30), bundle)


def _pixels(images: ImageSet, bundle: Bundle) -> Pixels:
    return decode(images, bundle.manifest.input).pixels


def _microseconds(statistics: PixelStatistics, images: Pixels) -> float:
    """Processor time of the statistics of an image, the least of several rounds."""
    sixteen, times = images[:16], []
    for _ in range(200):
        began = process_time()
        statistics(sixteen)
        times.append(process_time() - began)
    return 1e6 * min(times) / len(sixteen)


if __name__ == "__main__":
    main()
