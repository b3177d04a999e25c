"""Rows of embeddings, against the service's own answers."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import SHIPPED_BUNDLES, Settings, WantedPrecision
from bulk.embeddings import count_outside, maker_of, schema
from bulk.encoding import Encoder, Recipe, bundle_folder
from bulk.errors import JobError
from bulk.sources.item import Item, Kind
from model.bundle import open_bundle
from model.domain import Domain
from tests import fakes

TOLERANCE = 1e-5


def items(photos):
    return [(Item(name, name, Kind.FILE), data) for name, data in photos.items()]


def answers(client, photos, model):
    """Embeddings and percentiles of the service, by name; none of an image that it refuses."""
    found = {}
    for name, data in photos.items():
        files = [("image", (name, data))]
        answer = client.post("/embed", files=files, data={"model": model})
        if answer.status_code == 200:
            found[name] = answer.json()
    return found


@pytest.fixture(scope="module")
def bundles(models_dir, tmp_path_factory):
    """The small bundles and a shipped one, which has a domain check."""
    to = tmp_path_factory.mktemp("three")
    for folder in (SHIPPED_BUNDLES / "att-chopra", models_dir / "tiny", models_dir / "tiny-codes"):
        shutil.copytree(folder, to / folder.name)
    return to


@pytest.fixture(scope="module")
def service(bundles):
    settings = Settings(models_dir=bundles, default_model="tiny", precision="fp32", threads=1)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize("model", ["att-chopra", "tiny", "tiny-codes"])
def test_rows_are_those_of_the_service_and_bad_images_have_its_reasons(
    service, bundles, photos, model
):
    encoder = Encoder(Recipe(str(bundles / model)))
    table = encoder.table(items(photos))
    assert table.schema.equals(schema(encoder.maker), check_metadata=True)
    found = answers(service, photos, model)
    assert len(found) == 12
    for row in table.to_pylist():
        data, answer = photos[row["path"]], found.get(row["path"])
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        if answer is None:
            assert row["embedding"] is None
            assert row["error"]
            continue
        assert row["error"] is None
        np.testing.assert_allclose(row["embedding"], answer["embeddings"][0], atol=TOLERANCE)
        shown = answer["domain"]["percentile"]
        assert row["domain_percentile"] == (None if shown is None else shown[0])


def test_the_metadata_names_the_graph(models_dir):
    maker = Encoder(Recipe(str(models_dir / "tiny"))).maker
    found = schema(maker)
    manifest = json.loads((models_dir / "tiny/manifest.json").read_text())
    encoding = json.loads(found.metadata[b"likewise"])["encoding"]
    assert encoding["sha256"] == manifest["onnx"]["sha256"]
    assert maker_of(found, "x") == maker


def test_images_are_out_of_the_domain_from_the_limit_on_that_the_service_has():
    bundle = open_bundle(SHIPPED_BUNDLES / "att-chopra")
    domain, maker = Domain.of(bundle), Encoder(Recipe(str(bundle.folder))).maker
    shares = np.linspace(0.9, 0.99999, 901)
    shown = np.array([round(100 * share, 3) for share in shares.tolist()])
    assert count_outside(maker, shown) == int(domain.is_out(shares).sum()) > 0
    assert count_outside(replace(maker, false_flag_rate=None), shown) == 0


def test_a_reason_in_place_of_bytes_is_the_error(models_dir):
    encoder = Encoder(Recipe(str(models_dir / "tiny")))
    given = [(Item("a", "a", Kind.FILE), "gone"), (Item("b", "b", Kind.FILE), fakes.photo(0))]
    first, second = encoder.table(given).to_pylist()
    assert (first["error"], first["sha256"], first["embedding"]) == ("gone", None, None)
    assert second["error"] is None


def test_the_limits_of_an_image_hold(models_dir):
    encoder = Encoder(Recipe(str(models_dir / "tiny"), max_pixels=1000))
    (row,) = encoder.table([(Item("a", "a", Kind.FILE), fakes.photo(0))]).to_pylist()
    assert "pixels" in row["error"]


def test_a_bundle_that_cannot_embed_is_refused(tmp_path, models_dir):
    with pytest.raises(JobError, match=r"there is no bundle 'none'.+one of: att-chopra, faces"):
        bundle_folder("none")
    with pytest.raises(JobError, match="has no int8 graph"):
        Encoder(Recipe(str(models_dir / "tiny"), WantedPrecision.INT8))
    with pytest.raises(JobError, match="has no embeddings"):
        Encoder(Recipe(str(fakes.make_pair_bundle(tmp_path))))
