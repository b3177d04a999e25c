"""The bundle `faces-located` of this repository finds the face in a picture before it compares."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import SHIPPED_BUNDLES, Settings
from model.bundle import open_bundle
from tests.fakes import photo
from training.export.model_card import render_card

ROOT = Path(__file__).parents[2]
FOLDER = SHIPPED_BUNDLES.parent / "located"
BUNDLE = FOLDER / "faces-located"
EIGHT_MEGABYTES = 8_000_000


@pytest.fixture(scope="module")
def located():
    settings = Settings(models_dir=FOLDER, default_model="faces-located")
    with TestClient(create_app(settings)) as client:
        yield client


def test_the_bundle_is_small_and_described():
    manifest = open_bundle(BUNDLE).manifest
    assert sum(file.stat().st_size for file in BUNDLE.iterdir()) < EIGHT_MEGABYTES
    assert (BUNDLE / "README.md").read_text() == render_card(manifest)
    assert "+changes" not in manifest.provenance.git_revision


def test_it_is_tested_on_the_test_people_of_faces_and_has_learnt_from_none_of_them():
    split, faces = (open_bundle(path).split for path in (BUNDLE, SHIPPED_BUNDLES / "faces"))
    assert split == faces
    assert not split.test & (split.train | split.calibration)


def test_pictures_of_one_face_are_located_and_compared(located):
    one, other = ((ROOT / "examples" / f"ann-{k}.jpg").read_bytes() for k in (1, 2))
    answer = located.post("/verify", files={"image1": one, "image2": other})
    assert answer.status_code == 200
    assert answer.json()["same"]
    assert [len(each["points"]) for each in answer.json()["located"]] == [5, 5]


def test_a_picture_without_a_face_is_not_compared(located):
    answer = located.post("/embed", files={"image": photo(1)})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("nothing-located")
