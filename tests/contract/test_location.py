"""A thing is located, cut out and embedded alike in training, in the bundle and over HTTP."""

import io
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from model.manifest import Acquisition
from tests import fakes, locators
from tests.locators import file_of, mark, picture
from tests.training import synthetic
from tests.training.adoption import graphs
from training.cli import main
from training.data.decoding import decode
from training.data.source import open_data
from training.data.split import split_in_two
from training.evaluation.opening import system_of
from training.export.recalibrate import recalibrate
from training.inference.locating import locator_of
from training.inference.onnx_runtime import OnnxEncoder

IDENTITIES, TAKES = 24, 3


def photograph(identity, take):
    """A picture with the mark of an identity anywhere in it; of some nothing, or two marks."""
    rng = np.random.default_rng([identity, take])
    size = tuple(rng.integers(120, 260, 2).tolist())
    half_side = rng.uniform(0.16, 0.22) * min(size)
    x, y = (rng.uniform(0.35, 0.4) * side for side in size)
    marks = [mark(x, y, half_side, rng.uniform(-50, 50))]
    if take == TAKES - 1 and identity % 6 == 0:
        marks = []
    if take == TAKES - 1 and identity % 6 == 1:
        marks.append(mark(0.8 * size[0], 0.8 * size[1], 14))
    shown = picture(size, *marks, seed=identity * TAKES + take, identity=identity)
    return file_of(shown, *(("JPEG",) if take else ("PNG",)))


def nothing(image):
    return not int(image.identity[2:]) % 6 and image.name.endswith(f"/{TAKES - 1}.jpg")


def several(image):
    return int(image.identity[2:]) % 6 == 1 and image.name.endswith(f"/{TAKES - 1}.jpg")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    files = {
        f"id{i:02d}/{k}.jpg": photograph(i, k) for i in range(IDENTITIES) for k in range(TAKES)
    }
    return synthetic.write_files(tmp_path_factory.mktemp("data") / "marks", files)


@pytest.fixture(scope="module")
def images(data):
    return open_data(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, data):
    """Bundles: one with a locator, and an encoder that was adopted with that locator."""
    folder = tmp_path_factory.mktemp("located")
    locators.with_locator(fakes.make_bundle(folder, "tiny"), sides=(64, 128), refine_side=96)
    file = folder / "model.onnx"
    file.write_bytes(graphs.projection(16))
    declared = ["--mean", "0.5", "--std", "0.5", "--licence", "Public domain."]
    declared += ["--precision", "fp32"]  # The service would choose between graphs by their speed.
    located = ["--locator", str(folder / "tiny"), "--locator-frame", "0.9,0.02,-0.01"]
    command = ["adopt", str(file), "--data", str(data), "--to", str(folder / "adopted")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["training", *command, *declared, *located])
        with pytest.raises(SystemExit, match="0"):
            main()
    return folder


@pytest.fixture(scope="module")
def bundle(folder):
    return open_bundle(folder / "adopted")


@pytest.fixture(scope="module")
def client(folder):
    settings = Settings(models_dir=folder, default_model="adopted", threads=1)
    with TestClient(create_app(settings)) as client:
        yield client


def good(images, count=8):
    return [image for image in images if not nothing(image) and not several(image)][:count]


def test_training_and_http_see_and_embed_the_same_crop(images, bundle, client):
    chosen = good(images)
    located = replace(images, images=tuple(chosen))
    pixels = decode(located, bundle.manifest.input, locator_of(bundle)).pixels
    parts = [("image", image.read()) for image in chosen]
    answer = client.post("/embed", files=parts).json()
    ours = OnnxEncoder(bundle.onnx).embed(pixels)
    np.testing.assert_allclose(answer["embeddings"], ours, atol=1e-4 * np.abs(ours).max())
    shown = client.post("/preview", files={"image": chosen[3].read()}).content
    assert np.abs(np.asarray(Image.open(io.BytesIO(shown)), int) - pixels[3, ..., 0]).max() <= 1


def test_failures_to_acquire_are_counted_in_the_parts(images, bundle):
    split = split_in_two(images, 0)
    for part in ("calibration", "test"):
        chosen = split.take(images, part)
        counted = Acquisition(
            images=len(chosen),
            nothing=sum(map(nothing, chosen)),
            several=sum(map(several, chosen)),
        )
        assert getattr(bundle.manifest.locator, part) == counted
        assert 0 < counted.failure_rate < 0.2
    samples = bundle.manifest.accuracy.sample, bundle.manifest.calibration.sample
    assert sum(sample.images for sample in samples) == len(images) - 8
    card = (bundle.folder / "README.md").read_text()
    assert "a failure-to-acquire rate of" in card


def test_an_adopted_encoder_gets_the_locator_of_another_bundle(folder, bundle):
    tiny = open_bundle(folder / "tiny")
    assert bundle.locator == tiny.locator
    framing = {"scale": 0.9, "shift": (0.02, -0.01)}
    framed = tiny.manifest.locator.model_copy(update=framing)
    counts = {"calibration": None, "test": None}
    assert bundle.manifest.locator.model_copy(update=counts) == framed
    assert bundle.manifest.accuracy.eer < 0.1


def test_calibrating_and_evaluating_locate_too(images, bundle, client, tmp_path):
    done = recalibrate(bundle, images, tmp_path / "again", 1, include_known_names=True)
    assert done.manifest.locator.test.images > 0
    assert open_bundle(tmp_path / "again").locator == bundle.locator
    system = system_of(bundle, images, include_known_names=True)
    chosen = replace(images, images=tuple(good(images, 4)))
    energies = system.energies(chosen, np.array([0, 2]), np.array([1, 3]))
    for k, energy in enumerate(energies):
        pair = {f"image{n + 1}": chosen.images[2 * k + n].read() for n in (0, 1)}
        assert client.post("/verify", files=pair).json()["energy"] == pytest.approx(
            energy, abs=1e-4
        )


def test_a_listed_pair_with_an_image_that_is_not_acquired_is_no_match(images, bundle):
    system = system_of(bundle, images, include_known_names=True)
    lost = next(image for image in images if nothing(image))
    chosen = replace(images, images=(*good(images, 3), lost))
    energies = system.energies(chosen, np.array([0, 0, 0]), np.array([1, 2, 3]))
    assert energies[2] == energies[:2].max()
