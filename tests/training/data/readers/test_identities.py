"""Which folders are one identity: by the names of parts, by a stated rule, or not at all."""

import unicodedata

import pytest

from tests.training.synthetic import files_of, write_files, write_zip
from training.data.readers.folder import read_folder
from training.data.source import open_data
from training.errors import DataError

PEOPLE = files_of(5, 4)


def moved(place):
    """The files of `PEOPLE` at other paths: `place` maps identity and take to a folder."""
    found = {}
    for name, data in PEOPLE.items():
        who, file = name.split("/")
        found[f"{place(who, int(file[0]))}/{file}"] = data
    return found


def made(tmp_path, files, *, zipped=False):
    return (write_zip if zipped else write_files)(tmp_path / "data", files)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("top", ["", "faces/"])
@pytest.mark.parametrize(
    "parts", [("train", "val"), ("Training_Set", "Test Data"), ("train", "test"), ("gallery", "q")]
)
def test_the_parts_of_a_split_are_of_no_identitys_name(tmp_path, zipped, top, parts):
    one, other = parts[0], parts[1].replace("q", "query")
    path = made(
        tmp_path, moved(lambda who, k: f"{top}{one if k < 2 else other}/{who}"), zipped=zipped
    )
    images = open_data(path)
    assert images.identities == tuple(f"id{i:02d}" for i in range(5))
    assert len(images) == len(PEOPLE)
    assert images.remarks.merged == 5
    assert "parts of a split" in "; ".join(images.remarks.sentences())


def test_parts_below_the_identities_are_of_no_name_either(tmp_path):
    images = open_data(made(tmp_path, moved(lambda who, k: f"{who}/{'test' if k else 'train'}")))
    assert images.identities == tuple(f"id{i:02d}" for i in range(5))


def test_parts_inside_parts_are_of_no_name(tmp_path):
    images = open_data(
        made(tmp_path, moved(lambda who, k: f"train/train/{who}" if k else f"test/test/{who}"))
    )
    assert images.identities == tuple(f"id{i:02d}" for i in range(5))


def test_parts_that_share_no_identity_are_merged_by_the_same_rule(tmp_path):
    images = open_data(
        made(tmp_path, moved(lambda who, _: f"{'val' if who > 'id02' else 'train'}/{who}"))
    )
    assert images.identities == tuple(f"id{i:02d}" for i in range(5))
    assert images.remarks.merged == 0


def test_a_person_of_the_name_of_a_part_is_a_person(tmp_path):
    images = open_data(made(tmp_path, moved(lambda who, _: "Val" if who == "id00" else who)))
    assert images.identities == ("Val", "id01", "id02", "id03", "id04")


def test_parts_alone_are_no_identities(tmp_path):
    with pytest.raises(DataError, match="names no identity"):
        open_data(made(tmp_path, moved(lambda _, k: "val" if k else "train")))


AMBIGUOUS = {
    "the same folders in each": lambda who, k: f"{who}/{'phone' if k < 2 else 'webcam'}",
    "each in the same folders": lambda who, k: f"{'phone' if k < 2 else 'webcam'}/{who}",
    "one name twice": lambda who, k: "more/id00" if who == "id00" and k else who,
    "a folder inside": lambda who, k: "id00/old" if who == "id00" and k else who,
    "case": lambda who, k: who.upper() if k < 2 else who,
    "blanks": lambda who, k: f"{who} " if k < 2 else who,
    "case and parts": lambda who, k: f"train/{who}" if k < 2 else f"val/{who.upper()}",
    "three levels": lambda who, k: f"day{k}/{who}/left",
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_names_that_may_be_one_identity_or_several_are_refused_with_the_remedy(
    tmp_path, kind, zipped
):
    path = made(tmp_path, moved(AMBIGUOUS[kind]), zipped=zipped)
    with pytest.raises(DataError, match=r"such as .* (and|in) .*identity\.txt"):
        open_data(path)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("kind", "rule", "identities"),
    [
        ("the same folders in each", "1", 5),
        ("the same folders in each", "path", 10),
        ("the same folders in each", "last", 2),
        ("each in the same folders", "last", 5),
        ("each in the same folders", "2", 5),
        ("one name twice", "last", 5),
        ("a folder inside", "1", 5),
        ("case", "path", 10),
        ("three levels", "2", 5),
    ],
)
def test_a_data_set_may_state_its_rule(tmp_path, kind, rule, identities, zipped):
    files = moved(AMBIGUOUS[kind]) | {"identity.txt": f"\ufeff{rule.upper()}\r\n".encode()}
    images = open_data(made(tmp_path, files, zipped=zipped))
    assert len(images.identities) == identities
    assert images.remarks.left_out == {}


@pytest.mark.parametrize("rule", ["0", "-1", "first", "", "1 2", "٣", "9" * 2000])
def test_a_rule_that_is_none_is_refused(tmp_path, rule):
    files = moved(AMBIGUOUS["the same folders in each"]) | {"identity.txt": rule.encode()}
    with pytest.raises(DataError, match=r"identity\.txt must hold"):
        open_data(made(tmp_path, files))


def test_a_level_that_a_folder_does_not_have_is_refused(tmp_path):
    with pytest.raises(DataError, match="names no identity"):
        open_data(made(tmp_path, PEOPLE | {"identity.txt": b"2"}))


def test_a_rule_in_an_identitys_folder_is_no_rule(tmp_path):
    images = open_data(made(tmp_path, PEOPLE | {"id00/identity.txt": b"last"}))
    assert len(images.identities) == 5
    assert images.remarks.left_out == {}


@pytest.mark.parametrize("zipped", [False, True])
def test_two_unicode_forms_of_a_name_are_one_identity(tmp_path, zipped):
    forms = [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")]
    assert forms[0] != forms[1]
    files = moved(lambda who, k: forms[k % 2] if who == "id00" else who)
    images = open_data(made(tmp_path, files, zipped=zipped))
    assert set(images.identities) == {forms[0], "id01", "id02", "id03", "id04"}
    assert images.remarks.merged == 1


def test_folders_in_folders_are_said_to_be_the_identities(tmp_path):
    images = open_data(made(tmp_path, moved(lambda who, k: f"{who}/{who}-{k % 2}")))
    assert len(images.identities) == 10
    assert "such as id00/id00-0" in "; ".join(images.remarks.sentences())


def test_a_reader_alone_keeps_groups_and_names_its_doubts(tmp_path):
    images = read_folder(made(tmp_path, moved(lambda who, k: f"{who}/{k % 2}")))
    assert len(images.identities) == 10
    assert images.remarks.doubts.startswith("10 folders have the name of another one")
