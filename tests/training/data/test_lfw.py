import pytest

from tests.training.synthetic import pattern, png, write_files, write_zip
from training.data.source import open_data
from training.errors import DataError

PEOPLE = {"Ada_Byron": 3, "Bob_Ross": 2, "Cy_Twombly": 1, "Dan_Brown": 2}
FILES = {
    f"lfw-deepfunneled/{name}/{name}_{k:04d}.jpg": png(pattern(i, k), "JPEG")
    for i, (name, count) in enumerate(PEOPLE.items())
    for k in range(1, count + 1)
}
TEST_PEOPLE = "2\nBob_Ross\t2\nDan_Brown\t2\n"
TEST_PAIRS = "1\nBob_Ross\t1\t2\nBob_Ross\t1\tDan_Brown\t2\n"


def write_lfw(folder, people=TEST_PEOPLE, pairs=TEST_PAIRS, *, zipped=True):
    folder.mkdir()
    (folder / "peopleDevTest.txt").write_text(people)
    (folder / "pairsDevTest.txt").write_text(pairs)
    if zipped:
        write_zip(folder / "lfw_faces.zip", FILES)
    else:
        write_files(folder, FILES)
    return folder


@pytest.mark.parametrize("zipped", [True, False])
def test_people_are_the_identities_and_the_list_names_those_to_test(tmp_path, zipped):
    images = open_data(write_lfw(tmp_path / "any", zipped=zipped))
    assert images.identities == tuple(PEOPLE)
    assert images.test_identities == {"Bob_Ross", "Dan_Brown"}
    assert (images.name, len(images)) == ("lfw", 8)


@pytest.mark.parametrize("zipped", [True, False])
def test_the_official_pairs_name_images(tmp_path, zipped):
    images = open_data(write_lfw(tmp_path / "any", zipped=zipped))
    (pairs,) = images.official_pairs.values()
    names = {image.name for image in images}
    assert [same for *_, same in pairs] == [True, False]
    assert all(left in names and right in names for left, right, _ in pairs)
    assert [(left.rsplit("/", 1)[1], right.rsplit("/", 1)[1]) for left, right, _ in pairs] == [
        ("Bob_Ross_0001.jpg", "Bob_Ross_0002.jpg"),
        ("Bob_Ross_0001.jpg", "Dan_Brown_0002.jpg"),
    ]


def test_people_without_images_are_an_error(tmp_path):
    with pytest.raises(DataError, match="1 people who have no images"):
        open_data(write_lfw(tmp_path / "any", people=TEST_PEOPLE + "Eve\t1\n"))


@pytest.mark.parametrize("line", ["Bob_Ross\t1\t9", "Nobody\t1\t2", "Bob_Ross\t1\tNobody\t1"])
def test_a_pair_without_images_is_an_error_that_quotes_it(tmp_path, line):
    with pytest.raises(DataError, match="no image for the line"):
        open_data(write_lfw(tmp_path / "any", pairs=f"1\n{line}\n"))


@pytest.mark.parametrize("line", ["Bob_Ross", "Bob_Ross\t1", "a b c d e", "Bob_Ross\tone\ttwo"])
def test_a_line_that_is_no_pair_is_an_error_that_quotes_it(tmp_path, line):
    with pytest.raises(DataError, match="cannot read the line"):
        open_data(write_lfw(tmp_path / "any", pairs=f"1\n{line}\n"))


def test_lists_without_images_are_an_error(tmp_path):
    folder = write_lfw(tmp_path / "any")
    (folder / "lfw_faces.zip").unlink()
    with pytest.raises(DataError, match="no lfw"):
        open_data(folder)


@pytest.mark.data
def test_lfw_is_as_published(data_sets):
    images = open_data(data_sets / "lfw")
    assert (len(images), len(images.identities)) == (13_233, 5_749)
    assert len(images.test_identities) == 1_711
    (pairs,) = images.official_pairs.values()
    assert [same for *_, same in pairs] == [True] * 500 + [False] * 500
    owner = {image.name: image.identity for image in images}
    assert all((owner[left] == owner[right]) == same for left, right, same in pairs)
    assert all(owner[name] in images.test_identities for pair in pairs for name in pair[:2])
