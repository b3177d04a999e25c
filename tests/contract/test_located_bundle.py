"""The default bundle, `faces`, finds the face in a picture before it compares."""

from pathlib import Path

from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle
from tests.fakes import photo

ROOT = Path(__file__).parents[2]


def test_it_is_tested_on_the_test_people_of_faces_crops_and_has_learnt_from_none_of_them():
    names = ("faces", "faces-crops")
    split, other = (open_bundle(SHIPPED_BUNDLES / name).split for name in names)
    assert split == other
    assert not split.test & (split.train | split.calibration)


def test_pictures_of_one_face_are_located_and_compared(shipped):
    one, other = ((ROOT / "examples" / f"ann-{k}.jpg").read_bytes() for k in (1, 2))
    answer = shipped.post("/verify", files={"image1": one, "image2": other})
    assert answer.status_code == 200
    assert answer.json()["same"]
    assert [len(each["points"]) for each in answer.json()["located"]] == [5, 5]


def test_a_picture_without_a_face_is_not_compared(shipped):
    answer = shipped.post("/embed", files={"image": photo(1)})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("nothing-located")
