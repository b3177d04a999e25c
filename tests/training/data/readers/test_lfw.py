import pytest

from tests.training.synthetic import pattern, png, write_files, write_zip
from training.data.folds import official_fold_splits
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


def with_folds(folder, text):
    (write_lfw(folder) / "pairs.txt").write_text(text)
    return folder


FOLDS = (
    "Ada_Byron\t1\t3",
    "Ada_Byron\t2\tCy_Twombly\t1",
    "Bob_Ross\t1\t2",
    "Bob_Ross\t1\tDan_Brown\t2",
)


def test_the_folds_of_view_2_are_read_in_their_order(tmp_path):
    images = open_data(with_folds(tmp_path / "any", "\n".join(["2\t1", *FOLDS])))
    read = [[(a[-8:-4], b[-8:-4], same) for a, b, same in fold] for fold in images.pair_folds]
    assert read == [
        [("0001", "0003", True), ("0002", "0001", False)],
        [("0001", "0002", True), ("0001", "0002", False)],
    ]
    people = [images.identities_in(fold) for fold in images.pair_folds]
    assert people == [{"Ada_Byron", "Cy_Twombly"}, {"Bob_Ross", "Dan_Brown"}]


def test_without_view_2_there_are_no_folds(tmp_path):
    assert open_data(write_lfw(tmp_path / "any")).pair_folds == ()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["1\t1", *FOLDS], "announces 1 folds of 1 genuine and 1 impostor pairs"),
        (["1\t2", *FOLDS], "its 4 pairs differ"),
        (["2\t1", *FOLDS[:3]], "its 3 pairs differ"),
        (["0\t0"], "its 0 pairs differ"),
        (["4", *FOLDS], "must begin with its folds"),
        (["", *FOLDS], "must begin with its folds"),
        (["1\t1", FOLDS[0], "Nobody\t1\tBob_Ross\t1"], r"pairs.txt: no image for the line"),
    ],
)
def test_folds_that_are_not_as_announced_are_an_error(tmp_path, lines, reason):
    with pytest.raises(DataError, match=reason):
        open_data(with_folds(tmp_path / "any", "\n".join(lines)))


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


@pytest.mark.data
def test_view_2_is_as_published_and_its_folds_share_nobody(data_sets):
    images = open_data(data_sets / "lfw")
    assert [len(fold) for fold in images.pair_folds] == [600] * 10
    assert all(
        [same for *_, same in fold] == [True] * 300 + [False] * 300 for fold in images.pair_folds
    )
    splits = list(official_fold_splits(images, 0.1, seed=0))
    tested = [name for split in splits for name in split.test]
    assert len(tested) == len(set(tested)) == 4_281
    for split in splits:
        assert len(split.train) + len(split.calibration) + len(split.test) == 5_749
        assert 148 <= len(split.calibration) <= 153
