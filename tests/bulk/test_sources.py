"""Listing and reading of images in every kind of source."""

import os
import zipfile

import pytest

from bulk.errors import SourceError
from bulk.sources.listing import Skipped, list_items
from bulk.sources.reading import find_item, read_items

MOST = 1_000_000


def contents(*sources, **choices):
    items = list(list_items(list(map(str, sources)), choices.get("column")))
    return {item.path: content for item, content in read_items(items, choices.get("most", MOST))}


def test_every_kind_of_source_gives_the_same_images(folder, archives, photos):
    of_folder = contents(folder)
    assert of_folder == {f"{folder}/{name}": data for name, data in photos.items()}
    assert list(of_folder) == sorted(of_folder)
    for kind in ("zip", "tar"):
        archive = archives / f"photos.{kind}"
        assert contents(archive) == {f"{archive}/{name}": data for name, data in photos.items()}
    table = archives / "photos.parquet"
    rows = contents(table)
    assert rows == {f"{table}/{row}": data for row, data in enumerate(photos.values())}


def test_a_part_of_a_parquet_file_is_read_alone(archives, photos):
    items = list(list_items([str(archives / "photos.parquet")], None))[3:9]
    read = [content for _, content in read_items(items, MOST)]
    assert read == list(photos.values())[3:9]


def test_an_address_of_a_store_is_read_as_a_path_is(folder, archives, photos):
    found = contents(
        f"file://{folder}", f"file://{archives}/*.[zt]*", f"file://{archives}/*.parquet"
    )
    assert sorted(found.values()) == sorted([*photos.values()] * 4)
    assert all(path.startswith("file:///") for path in found)


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("p1", lambda name: name.startswith("p1/")),
        ("p*/*1.png", lambda name: name.endswith("1.png")),
        ("**/*.jpg", lambda name: name.endswith(".jpg")),
        ("**", bool),
        ("p[02]", lambda name: name[1] in "02"),
    ],
)
def test_a_pattern_takes_what_it_matches(folder, photos, pattern, wanted):
    assert set(contents(f"{folder}/{pattern}")) == {f"{folder}/{n}" for n in photos if wanted(n)}


def test_what_is_no_image_by_its_name_is_passed_over_and_counted(folder, archives):
    skipped = Skipped()
    list(list_items([str(folder), str(archives / "photos.tar")], None, skipped))
    assert skipped.files == 2


def test_a_file_that_would_block_or_is_gone_or_too_long_is_a_reason(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert contents(tmp_path) == {}
    for name, data in {"gone.png": b"x", "long.png": b"x" * 11}.items():
        (tmp_path / name).write_bytes(data)
    items = list(list_items([str(tmp_path)], None))
    (tmp_path / "gone.png").unlink()
    gone, long = (content for _, content in read_items(items, 10))
    assert "gone.png cannot be read: No such file" in gone
    assert "long.png has more than 10 bytes" in long


def test_damaged_members_are_reasons_and_a_damaged_archive_is_an_error(tmp_path, archives):
    whole = (archives / "photos.zip").read_bytes()
    with zipfile.ZipFile(archives / "photos.zip") as archive:
        at = archive.getinfo("p1/01.png").header_offset + 80
    (tmp_path / "a.zip").write_bytes(whole[:at] + b"!" + whole[at + 1 :])
    found = contents(tmp_path / "a.zip")
    reasons = [text for text in found.values() if isinstance(text, str)]
    assert len(found) == 15
    assert len(reasons) == 1
    assert "p1/01.png is damaged in its archive" in reasons[0]
    (tmp_path / "a.zip").write_bytes(whole[:1000])
    with pytest.raises(SourceError, match=r"a\.zip cannot be read"):
        contents(tmp_path / "a.zip")


def test_a_member_larger_than_the_limit_is_a_reason_in_each_archive(archives, photos):
    most = len(photos["p0/00.png"]) - 1
    for kind in ("zip", "tar", "parquet"):
        reason = next(iter(contents(archives / f"photos.{kind}", most=most).values()))
        assert f"has more than {most:,} bytes" in reason


def test_a_source_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="there is no file or folder"):
        contents(tmp_path / "none")


def test_a_parquet_file_without_one_column_of_bytes_asks_for_its_name(archives):
    with pytest.raises(SourceError, match="--column; of bytes are: image"):
        contents(archives / "photos.parquet", column="picture")


def test_an_image_is_found_again_by_its_path(folder, archives, photos):
    for place in (folder, *(archives / f"photos.{kind}" for kind in ("zip", "tar"))):
        item = find_item(f"{place}/p2/05.png")
        assert next(read_items([item], MOST))[1] == photos["p2/05.png"]
    item = find_item(f"{archives}/photos.parquet/5")
    assert next(read_items([item], MOST))[1] == list(photos.values())[5]
    assert find_item(str(folder / "none.png")) is None
