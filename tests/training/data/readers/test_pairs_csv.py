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


LISTED = (("a.png", "b.png", True), ("a.png", "c.png", False), ("c.png", "d.png", True))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("end", "mark"), [("\n", ""), ("\r\n", ""), ("\r", ""), ("\r\n", "\ufeff")]
)
@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize(
    "heading",
    [
        (),
        ("path1", "path2", "label"),
        ("PATH1", "Path2", "Label"),
        ("image1", "image2", "label"),
        ("file_a", "file_b", "different"),
        ("left", "right", "label"),
    ],
)
def test_a_list_is_read_as_spreadsheets_write_it(  # noqa: PLR0913, PLR0917
    listing, separator, end, mark, quoted, heading
):
    rows = [*([heading] if heading else []), *((a, b, "0" if s else "1") for a, b, s in LISTED)]
    text = "".join(
        separator.join(f'"{cell}"' if quoted else cell for cell in row) + end for row in rows
    )
    path = listing("")
    path.write_bytes((mark + text).encode())
    assert open_data(path).listed == LISTED


@pytest.mark.parametrize("heading", ["same", "Is Same", "match", "is_match", "genuine"])
@pytest.mark.parametrize(("one", "zero"), [("1", "0"), ("True", "False"), ("yes", "no")])
def test_the_heading_of_the_labels_decides_what_1_means(listing, heading, one, zero):
    lines = [f"{a},{b},{one if same else zero}" for a, b, same in LISTED]
    assert open_data(listing(f"img1,img2,{heading}", *lines)).listed == LISTED


def test_other_columns_and_another_order_are_read_by_the_heading(listing):
    lines = [f"{i};{int(s)};{b};x, y;{a}" for i, (a, b, s) in enumerate(LISTED)]
    assert open_data(listing(";same;image2;note;image1", *lines)).listed == LISTED


def test_the_separator_that_excel_names_is_taken(listing):
    assert open_data(listing("sep=;", "a.png;b.png;0")).listed == LISTED[:1]


def test_a_comma_in_a_path_does_not_make_the_comma_the_separator(listing):
    path = listing("a, 1.png;b.png;same", "a.png;c.png;different")
    synthetic.write_files(path.parent, {"a, 1.png": FILES["a.png"]})
    assert open_data(path).listed[0] == ("a, 1.png", "b.png", True)


@pytest.mark.parametrize(
    "line",
    [
        "foo,bar,baz",
        "path1,path2,score",
        "label,path1,path2,same",
        "a.png,b.png,0,extra",
        "a.png,b.png,true",
    ],
)
def test_a_heading_or_label_that_could_mean_anything_is_refused(listing, line):
    with pytest.raises(DataError, match="line 1: expected path1,path2,label"):
        open_data(listing(line, "a.png,b.png,0"))


def spellings(folder):
    return [
        "a.png",
        "./a.png",
        "x/../a.png",
        "x/./..//a.png",
        "A.PNG",
        str(folder / "a.png"),
        "linked.png",
        "hard.png",
        ".\\a.png",
    ]


@pytest.mark.parametrize("other", range(9))
def test_one_file_spelled_two_ways_is_one_image(listing, other):
    path = listing("")
    (path.parent / "x").mkdir()
    (path.parent / "linked.png").symlink_to(path.parent / "a.png")
    (path.parent / "hard.png").hardlink_to(path.parent / "a.png")
    again = spellings(path.parent)[other]
    images = open_data(listing("a.png,b.png,0", f"{again},c.png,1", f"b.png,{again},0"))
    assert [image.name for image in images] == ["a.png", "b.png", "c.png"]
    assert images.listed == LISTED[:2]
    assert "1 lines that list a pair again" in images.remarks.sentences()[0]
    with pytest.raises(DataError, match=r"line 1: a\.png is paired with itself"):
        open_data(listing(f"a.png,{again},0"))
    with pytest.raises(DataError, match=r"line 2: .* listed as both"):
        open_data(listing("a.png,b.png,0", f"{again},b.png,1"))


def test_a_spelling_that_could_be_two_files_is_refused(listing):
    path = listing("A.png,b.png,0")
    synthetic.write_files(path.parent, {"a.PNG": FILES["b.png"]})
    with pytest.raises(DataError, match=r"could be a\.PNG or a\.png"):
        open_data(path)


def test_paths_with_backslashes_and_unicode_in_another_form_are_found(listing):
    path = listing("b.png,sub\\Jose\u0301.png,same")
    synthetic.write_files(path.parent, {"sub/Jos\u00e9.png": FILES["a.png"]})
    assert open_data(path).listed == (("b.png", "sub/Jos\u00e9.png", True),)


def test_files_beside_the_lists_folder_keep_their_name_when_all_is_moved(listing, tmp_path):
    path = listing("a.png,b.png,0")
    (tmp_path / "lists").mkdir()
    path = path.rename(tmp_path / "lists" / "pairs.csv")
    path.write_text("../a.png,../b.png,0\n")
    assert [image.name for image in open_data(path)] == ["../a.png", "../b.png"]


@pytest.mark.parametrize("ending", ["tsv", "txt", "CSV"])
def test_a_list_may_have_another_ending(listing, ending):
    path = listing("a.png\tb.png\tsame")
    assert open_data(path.rename(path.with_suffix(f".{ending}"))).listed == LISTED[:1]


def test_lists_that_were_joined_may_repeat_their_heading(listing):
    heading = "image1,image2,same"
    images = open_data(listing(heading, "a.png,b.png,1", heading, "a.png,c.png,0"))
    assert images.listed == LISTED[:2]
