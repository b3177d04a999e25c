"""The domain check in the answers: withheld rates, own thresholds, batches, kinds, arrays."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.api.schemas.domain import WITHHELD, WITHHELD_OF_COMPARISON
from app.batching.batch_runner import BatchRunner, EncodeJob
from app.batching.image_input import ImageFile
from app.domain import check_images
from app.main import create_app
from app.settings import Provider, Settings
from app.worker.service import load_model
from model.bundle import open_bundle
from model.domain import Domain
from model.preprocessing import ImageLimits, preprocess
from tests import domains, fakes
from tests.fakes import SPEC, Kind

SIZE = (SPEC.width, SPEC.height)
NPY = "application/x-npy"


def ordinary(identity, take=0):
    return fakes.encoded(fakes.image_of(identity, take, SIZE))


def noise(seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, SIZE[::-1], dtype=np.uint8)
    return fakes.encoded(Image.fromarray(pixels))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    domains.make_bundle_with_domain(folder, "tiny")
    domains.make_bundle_with_domain(folder, "codes", Kind.CODES)
    domains.make_bundle_with_domain(folder, "pair", Kind.PAIR)
    fakes.make_bundle(folder, "old", schema_version=1)
    fakes.make_bundle(folder, "small")
    return folder


@pytest.fixture(scope="module")
def checking(folder):
    settings = Settings(models_dir=folder, default_model="tiny", threads=1)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def verify(client, *images, **choices):
    files = {f"image{i}": image for i, image in enumerate(images, start=1)}
    return client.post("/verify", files=files, data=choices).json()


def embed(client, *images, model="tiny", accept="application/json"):
    files = [("image", image) for image in images]
    return client.post(f"/embed?model={model}", files=files, headers={"Accept": accept})


def percentiles(folder, name, *images):
    """What the bundle's check gives for the files, in per cent, without the service."""
    bundle = open_bundle(folder / name)
    tensor = np.stack([preprocess(image, SPEC) for image in images])
    kind = bundle.manifest.kind
    embeddings = None if kind is Kind.PAIR else fakes.run_reference(bundle.onnx, tensor)
    return pytest.approx((100 * Domain.of(bundle).percentiles(tensor, embeddings)).tolist(), abs=1)


@pytest.mark.parametrize("model", ["tiny", "codes", "pair"])
def test_in_the_domain_the_rates_are_quoted(checking, folder, model):
    images = ordinary(1), ordinary(1, 1)
    answer = verify(checking, *images, model=model)
    assert answer["domain"]["status"] == "in"
    assert answer["domain"]["percentile"] == percentiles(folder, model, *images)
    assert answer["domain"]["reason"] is answer["withheld"] is None
    assert answer["operating_point"]["target_fmr"] == 0.01
    assert answer["likelihood_ratio"] > 0


@pytest.mark.parametrize("model", ["tiny", "codes", "pair"])
def test_out_of_the_domain_the_decision_stays_and_the_rates_are_withheld(checking, folder, model):
    images = ordinary(1), noise()
    answer = verify(checking, *images, model=model, fmr="0.1")
    assert answer["domain"]["status"] == "out"
    assert answer["domain"]["percentile"] == percentiles(folder, model, *images)
    assert "image2 (" in answer["domain"]["reason"]
    assert "image1" not in answer["domain"]["reason"]
    assert answer["same"] is (answer["energy"] <= answer["threshold"])
    assert answer["threshold"] == 0.5 * (fakes.BITS_OF if model == "codes" else 1)
    withheld = ("operating_point", "likelihood_ratio", "likelihood_ratio_interval")
    assert [answer[name] for name in withheld] == [None] * 3
    assert answer["withheld"] == WITHHELD


def test_at_a_threshold_of_the_callers_own_the_rates_are_quoted_beside_the_check(checking):
    answer = verify(checking, ordinary(1), noise(), threshold="0.3")
    assert (answer["domain"]["status"], answer["withheld"]) == ("out", None)
    assert answer["operating_point"]["target_fmr"] is None
    assert answer["operating_point"]["fmr"] == 0.01
    assert answer["likelihood_ratio"] > 0


@pytest.mark.parametrize(
    ("model", "reason"), [("old", "schema version 1"), ("small", "too few for a domain check")]
)
def test_without_a_check_the_domain_is_unknown_with_the_reason(checking, model, reason):
    answer = verify(checking, noise(), noise(1), model=model)
    assert (answer["domain"]["status"], answer["domain"]["percentile"]) == ("unknown", None)
    assert reason in answer["domain"]["reason"]
    assert answer["operating_point"] is not None
    assert answer["withheld"] is None
    row = [0.0] * fakes.DIM
    body = {"probe": row, "gallery": [row], "model": model}
    compared = checking.post("/compare", json=body).json()
    assert compared["domain"] == answer["domain"] | {"gallery": None}
    assert compared["operating_point"] is not None
    array = embed(checking, noise(), model=model, accept=NPY)
    assert array.headers["X-Domain-Status"] == "unknown"


def test_each_image_of_embed_is_checked(checking, folder):
    images = ordinary(1), noise(), ordinary(2), noise(1)
    domain = embed(checking, *images).json()["domain"]
    assert domain["percentile"] == percentiles(folder, "tiny", *images)
    assert domain["status"] == "out"
    assert "image[1] (" in domain["reason"]
    assert "image[3] (" in domain["reason"]
    headers = embed(checking, *images, accept=NPY).headers
    assert (headers["X-Domain-Status"], headers["X-Domain-Out"]) == ("out", "1,3")
    headers = embed(checking, images[0], accept=NPY).headers
    assert headers["X-Domain-Status"] == "in"
    assert "X-Domain-Out" not in headers


def test_each_request_of_a_batch_gets_the_percentiles_of_its_own_images(folder):
    served = load_model(open_bundle(folder / "tiny"), Provider.CPU)
    sent = [[ordinary(n), noise(n), ordinary(n, 1)][: n % 3 + 1] for n in range(5)]

    def job(images):
        files = tuple(ImageFile(f"image[{n}]", image) for n, image in enumerate(images))

        def answer(encoded):
            names = [file.name for file in files]
            return check_images(served.domain, served.manifest, names, encoded.percentiles)

        return EncodeJob(served, files, ImageLimits(), answer)

    jobs = [job(images) for images in sent]
    results = BatchRunner(32).run(jobs, [lambda: False] * len(jobs))
    for images, result in zip(sent, results, strict=True):
        assert list(result.percentiles) == percentiles(folder, "tiny", *images)
        assert result.out == ((1,) if len(images) > 1 else ())


def compare(client, rows, accept="application/json", **choices):
    file = io.BytesIO()
    np.save(file, rows)
    headers = {"Content-Type": NPY, "Accept": accept}
    return client.post("/compare", content=file.getvalue(), headers=headers, params=choices)


def test_a_gallery_is_checked_by_embeddings_streamed_or_not(checking):
    images = [ordinary(n) for n in range(8)]
    rows = np.asarray(embed(checking, *images).json()["embeddings"], dtype=np.float32)
    rows = np.concatenate([rows] * 20)
    known = compare(checking, rows).json()
    assert known["domain"]["status"] == "in"
    assert known["domain"]["gallery"] == {"checked": 159, "out": 0, "rows": []}
    assert (known["operating_point"]["target_fmr"], known["withheld"]) == (0.01, None)
    odd = rows.copy()
    odd[101:112] = 1
    answer = compare(checking, odd).json()
    assert answer["domain"]["status"] == "out"
    assert answer["domain"]["gallery"]["rows"] == list(range(100, 111))
    assert "11 of the 159 rows" in answer["domain"]["reason"]
    assert (answer["operating_point"], answer["withheld"]) == (None, WITHHELD_OF_COMPARISON)
    assert answer["threshold"] == 0.3
    body = {"probe": odd[0].tolist(), "gallery": odd[1:].tolist()}
    assert checking.post("/compare", json=body).json() == answer
    own = compare(checking, odd, threshold=0.3).json()
    assert (own["domain"], own["withheld"]) == (answer["domain"], None)
    assert own["operating_point"]["fmr"] == 0.01
    headers = compare(checking, odd, accept=NPY).headers
    assert headers["X-Domain-Status"] == "out"
    assert headers["X-Domain-Out"] == "100,101,102,103,104,105,106,107,108,109,110"
    assert headers["X-Withheld"] == WITHHELD_OF_COMPARISON
    assert "X-Withheld" not in compare(checking, rows, accept=NPY).headers


def test_images_are_counted_by_the_result_of_their_check(folder):
    settings = Settings(models_dir=folder, default_model="tiny", threads=1)
    with TestClient(create_app(settings)) as client:
        verify(client, ordinary(1), noise())
        verify(client, noise(), noise(1), model="pair")
        verify(client, noise(), noise(1), model="old")
        rows = embed(client, ordinary(1), ordinary(2), noise()).json()["embeddings"]
        client.post("/compare", json={"probe": rows[0], "gallery": rows})
        text = client.get("/metrics").text

    def count(model, status):
        labels = f'model="{model}",status="{status}",version="1.2.3"'
        return float(text.split(f"likewise_domain_images_total{{{labels}}} ")[1].split("\n")[0])

    assert [count("tiny", status) for status in ("in", "out", "unknown")] == [3, 2, 0]
    assert [count("pair", status) for status in ("in", "out", "unknown")] == [0, 2, 0]
    assert [count("old", status) for status in ("in", "out", "unknown")] == [0, 0, 2]
