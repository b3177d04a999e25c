import pytest

from tests.training import synthetic
from training.data.readers.pairs_csv import read_pairs
from training.data.source import open_data
from training.errors import DataError

FILES = {f"{name}.png": synthetic.png(synthetic.pattern(i)) for i, name in enumerate("abcdefg")}


@pytest.fixture
def listing(tmp_path):
    """Writes a CSV beside the images a to g; gives its path."""
    synthetic.write_files(tmp_path, FILES)

    def write(*lines):
        path = tmp_path / "pairs.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_pairs_are_read_in_words_and_in_numbers(listing):
    path = listing(
        "path1,path2,label", "a.png,b.png,0", "a.png, c.png ,different", "c.png,d.png,Same"
    )
    images = open_data(path)
    assert images.listed == (
        ("a.png", "b.png", True),
        ("a.png", "c.png", False),
        ("c.png", "d.png", True),
    )
    assert [image.name for image in images] == ["a.png", "b.png", "c.png", "d.png"]
    assert images.images[0].read() == FILES["a.png"]
    assert images.name == "pairs"


def test_an_identity_is_what_genuine_pairs_link(listing):
    path = listing("a.png,b.png,0", "d.png,c.png,0", "e.png,b.png,same", "f.png,a.png,1")
    owners = {image.name: image.identity for image in read_pairs(path)}
    assert owners["a.png"] == owners["b.png"] == owners["e.png"] == "a.png"
    assert owners["c.png"] == owners["d.png"] == "c.png"
    assert owners["f.png"] == "f.png"


def test_pairs_go_where_both_their_images_go(listing):
    images = read_pairs(listing("a.png,b.png,0", "c.png,d.png,0", "a.png,c.png,1", "b.png,e.png,1"))
    assert images.listed_rows().tolist() == [[0, 1], [2, 3], [0, 2], [1, 4]]
    assert images.of(["a.png", "e.png"]).listed_rows().tolist() == [[0, 1], [1, 2]]
    assert images.of(["c.png", "e.png"]).listed_rows().tolist() == [[0, 1]]
    assert synthetic.image_set({"a": 2}).listed_rows() is None


def test_another_label_is_other_data(listing):
    one = read_pairs(listing("a.png,b.png,0", "c.png,d.png,1", "e.png,f.png,0")).fingerprint()
    again = read_pairs(listing("a.png,b.png,0", "c.png,d.png,1", "e.png,f.png,0")).fingerprint()
    other = read_pairs(listing("a.png,b.png,0", "c.png,f.png,1", "e.png,f.png,0", "d.png,a.png,1"))
    assert one == again != other.fingerprint()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("a.png,b.png",), "line 1: expected path1,path2,label"),
        (("a.png,b.png,0", "a.png,c.png,2"), "line 2: expected"),
        (("a.png,a.png,0",), "paired with itself"),
        (("a.png,zzz.png,0",), "there is no image"),
        (("a.png,b.png,0", "b.png,a.png,1"), "line 2: b.png and a.png are listed as both"),
        (("a.png,b.png,0", "b.png,c.png,0", "a.png,c.png,1"), "said to be different"),
        (("",), "holds no images"),
    ],
)
def test_what_is_no_list_of_pairs_is_an_error(listing, lines, said):
    with pytest.raises(DataError, match=said):
        read_pairs(listing(*lines))


def test_bytes_that_are_no_text_are_an_error(listing):
    path = listing("")
    path.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(DataError, match="cannot be read as a CSV"):
        read_pairs(path)
