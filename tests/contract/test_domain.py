"""The service gives the percentiles that training computes for the same files, of every kind."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from model.domain import Domain
from model.manifest import Kind
from tests import fakes
from tests.training import synthetic
from training.data.decoding import decode
from training.data.split import split_in_two
from training.export.recalibrate import recalibrate
from training.inference.comparer import EmbeddingComparer, graph_comparer

KINDS = list(Kind)
SEED = 3
RESOLUTION = 100 / 110
"""Share of one calibration image, in per cent: two runtimes may rank an image by one apart."""


@pytest.fixture(scope="module")
def images():
    return synthetic.image_set({f"id{i:03d}": 2 for i in range(110)})


@pytest.fixture(scope="module")
def folder(images, tmp_path_factory):
    """Small bundles of every kind, calibrated by training on drawn patterns."""
    made, folder = (tmp_path_factory.mktemp(name) for name in ("made", "calibrated"))
    for kind in KINDS:
        make = fakes.make_pair_bundle if kind is Kind.PAIR else fakes.make_bundle
        bundle = make(made, kind.value, **({} if kind is Kind.PAIR else {"kind": kind}))
        recalibrate(open_bundle(bundle), images, folder / kind.value, seed=SEED)
    return folder


@pytest.fixture(scope="module")
def client(folder):
    settings = Settings(models_dir=folder, default_model="encoder", threads=2, max_batch=4)
    with TestClient(create_app(settings)) as client:
        yield client


def verified(client, kind, one, other):
    files = {"image1": one, "image2": other}
    return client.post("/verify", files=files, data={"model": kind.value}).json()


@pytest.mark.parametrize("kind", KINDS)
def test_a_percentile_by_http_is_the_one_of_training(client, folder, images, kind):
    bundle = open_bundle(folder / kind.value)
    decoded = decode(images.of(split_in_two(images, SEED).test), bundle.manifest.input)
    comparer = graph_comparer(bundle.onnx, bundle.manifest.metric)
    embeddings = None
    if isinstance(comparer, EmbeddingComparer):
        embeddings = comparer.embed(decoded.pixels)
    domain = Domain.of(bundle)
    shares = domain.percentiles(decoded.pixels, embeddings)
    files = [image.read() for image in decoded.source.images]
    pairs = list(zip(files[::2], files[1::2], strict=True))
    with ThreadPoolExecutor(4) as pool:  # Several requests share a batch.
        answers = list(pool.map(lambda pair: verified(client, kind, *pair), pairs))
    answered = np.concatenate([answer["domain"]["percentile"] for answer in answers])
    np.testing.assert_allclose(answered, 100 * shares, atol=RESOLUTION)
    assert (np.abs(answered - 100 * shares) < 1e-3).mean() > 0.95
    out = domain.is_out(shares)[::2] | domain.is_out(shares)[1::2]
    assert [answer["domain"]["status"] == "out" for answer in answers] == out.tolist()
    assert [answer["operating_point"] is None for answer in answers] == out.tolist()
    assert out.mean() < 0.2
