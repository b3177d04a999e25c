import pytest

from tests.training import synthetic
from training.data.labels import MAX_LABEL, read_labels
from training.errors import DataError

IMAGES = synthetic.image_set({"ann": 2, "ben": 2, "cyd": 1})


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "labels.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_labels_of_images_are_read(write, separator):
    rows = ["image,light,camera", "ann/0.png,dark,A", "./ben\\1.png,bright,B", ",,", "ann/1.png,,A"]
    path = write("\r\n".join(rows).replace(",", separator), "utf-8-sig")
    labels = read_labels(path, ["light", "camera"], IMAGES)
    assert labels.of("light", IMAGES) == ["dark", None, None, "bright", None]
    assert labels.of("camera", IMAGES) == ["A", "A", None, "B", None]


def test_the_label_of_an_identity_is_that_of_its_images(write):
    path = write('identity,"group, stated"\nann,"x, y"\ncyd,z\n')
    labels = read_labels(path, ["group, stated"], IMAGES)
    assert labels.of("group, stated", IMAGES) == ["x, y", "x, y", None, None, "z"]


GOOD = "image,light\nann/0.png,dark\nben/0.png,bright\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither a column image"),
        ("name,light\nann,dark\n", "neither a column image.*'name', 'light'"),
        (GOOD.replace("light", "lamp"), "just one column light.*'lamp'"),
        (GOOD.replace("image,light", "image,light,light"), "just one column light"),
        (GOOD + "dan/0.png,dark\n", "1 of 3 names are of no image.*'dan/0.png'.*called ann/0.png"),
        (GOOD.replace("image", "identity"), "of no identity of patterns.*called ann"),
        (GOOD + "ann/0.png,bright\n", "row 4: ann/0.png has two labels of light"),
        (GOOD + "ann/1.png\n", "row 4 has only 1 cells"),
        (GOOD.replace("bright", "dark"), "one label only, 'dark'"),
        ("image,light\nann/0.png,\n", "column light is empty"),
        ("image,light\n", "column light is empty"),
        (GOOD.replace("dark", "d" * (MAX_LABEL + 1)), "a label of light has 101 characters"),
        (GOOD.replace("dark", "d\x1b[2Jrk"), "printable ones"),
        (GOOD.replace("dark", "d" * 200_000), "cannot be read as a CSV: field larger"),
    ],
)
def test_a_csv_that_cannot_be_meant_is_refused_with_the_reason(write, text, reason):
    with pytest.raises(DataError, match=reason):
        read_labels(write(text), ["light"], IMAGES)


def test_a_file_in_another_encoding_is_refused(write):
    with pytest.raises(DataError, match="save it as CSV in UTF-8"):
        read_labels(write(GOOD.replace("dark", "düster"), "latin-1"), ["light"], IMAGES)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(tmp_path / "none.csv", ["light"], IMAGES)


def test_many_labels_are_refused(write):
    images = synthetic.image_set({f"p{i}": 1 for i in range(40)})
    rows = "".join(f"p{i},g{i}\n" for i in range(40))
    with pytest.raises(DataError, match="40 different labels; at most 31"):
        read_labels(write(f"identity,group\n{rows}"), ["group"], images)


def test_a_file_with_too_many_rows_is_refused(write, monkeypatch):
    monkeypatch.setattr("training.data.labels.MAX_ROWS", 1)
    with pytest.raises(DataError, match="more than 1 rows"):
        read_labels(write(GOOD), ["light"], IMAGES)
