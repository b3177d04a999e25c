import hashlib

import numpy as np
import pytest

from tests.training.synthetic import files_of, image_set, write_files
from training.data.image_set import ImageSet
from training.data.readers.folder import read_folder
from training.errors import DataError


def test_labels_index_the_sorted_identities():
    images = image_set({"b": 2, "a": 1, "c": 1})
    assert images.identities == ("a", "b", "c")
    assert images.labels().tolist() == [0, 1, 1, 2]
    assert images.labels().dtype == np.int64


def test_some_identities_are_taken_with_their_first_images():
    chosen = image_set({"a": 3, "b": 3, "c": 3}).of(["c", "a"], limit=2)
    assert [image.name for image in chosen] == ["a/0.png", "a/1.png", "c/0.png", "c/1.png"]


def test_what_the_protocol_says_stays_with_a_part():
    images = image_set({"a": 2, "b": 2}, test_identities=frozenset("b"), official_pairs={"p": ()})
    part = images.of(["a"])
    assert (part.test_identities, part.official_pairs) == ({"b"}, {"p": ()})


def test_an_empty_part_is_an_error():
    with pytest.raises(DataError, match="no images"):
        image_set({"a": 2}).of(["nobody"])


def test_an_empty_set_is_an_error():
    with pytest.raises(DataError, match="one folder for each identity"):
        ImageSet("empty", ())


def test_the_fingerprint_is_of_names_identities_and_bytes():
    images = image_set({"a": 1, "b": 1})
    lines = [f"{i.name}\0{i.identity}\0{hashlib.sha256(i.read()).hexdigest()}\n" for i in images]
    assert images.fingerprint() == hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("change", ["byte", "name", "identity", "more", "less"])
def test_the_fingerprint_changes_with_the_content(tmp_path, change):
    folder = write_files(tmp_path / "data", files_of(3, 2))
    before = read_folder(folder).fingerprint()
    assert read_folder(folder).fingerprint() == before
    image = folder / "id01" / "0.png"
    if change == "byte":
        image.write_bytes(image.read_bytes()[:-1] + b"\0")
    elif change == "name":
        image.rename(folder / "id01" / "2.png")
    elif change == "identity":
        image.rename(folder / "id00" / "2.png")
    elif change == "more":
        (folder / "id01" / "9.png").write_bytes(b"new")
    else:
        image.unlink()
    assert read_folder(folder).fingerprint() != before


def test_the_fingerprint_does_not_depend_on_where_the_data_lies(tmp_path):
    one, other = (write_files(tmp_path / name, files_of(3, 2)) for name in ("one", "other"))
    assert read_folder(one).fingerprint() == read_folder(other).fingerprint()


def test_some_images_are_taken_by_their_names():
    images = image_set({"a": 2, "b": 2}, test_identities=frozenset("b"))
    part = images.only(["b/1.png", "a/0.png", "c/7.png"])
    assert [image.name for image in part] == ["a/0.png", "b/1.png"]
    assert part.test_identities == images.test_identities
    with pytest.raises(DataError, match="no images"):
        images.only(["c/7.png"])
