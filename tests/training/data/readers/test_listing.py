"""What of a folder or zip is read, what is left out, and that both are reported."""

import bz2
import os
import socket
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from PIL import Image

from model.errors import UnsupportedImageError
from tests.training.synthetic import files_of, pattern, png, write_files, write_zip
from training.data.quality import inspect
from training.data.readers import walk
from training.data.readers.folder import read_folder, read_zip
from training.data.source import open_data, read_data
from training.errors import DataError

FILES = files_of(4, 2)
IMAGE = next(iter(FILES.values()))
LITTER = [
    ".DS_Store",
    "._id00/._0.png",
    ".git/objects/1.png",
    "@eaDir/id00/SYNOPHOTO_THUMB_M.jpg",
    "id00/@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg",
    "__MACOSX/id00/._0.png",
    "id01/.ipynb_checkpoints/0-checkpoint.png",
    "id01/Thumbs.db",
    "id01/thumbs.DB",
    "id01/desktop.ini",
    "Desktop.ini",
    "#recycle/old/1.png",
    "$RECYCLE.BIN/S-1/1.png",
    "System Volume Information/1.png",
    "lost+found/1.png",
]


def made(tmp_path, files, *, zipped):
    return (write_zip if zipped else write_files)(tmp_path / "data", files)


@pytest.mark.parametrize("zipped", [False, True])
def test_litter_is_neither_read_nor_counted(tmp_path, zipped):
    images = open_data(made(tmp_path, FILES | dict.fromkeys(LITTER, IMAGE), zipped=zipped))
    assert [image.name for image in images] == sorted(FILES)
    assert images.remarks.sentences() == ()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("ending", [".jfif", ".JFIF", "", ".txt", ".dat", ".heic", ".image"])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"])
def test_an_image_is_read_whatever_its_ending(tmp_path, zipped, ending, file_format):
    odd = {f"odd/{k}{ending}": png(pattern(9, k), file_format) for k in range(2)}
    images = open_data(made(tmp_path, FILES | odd, zipped=zipped))
    assert "odd" in images.identities
    assert len(images) == len(FILES) + 2
    assert images.remarks.left_out == {}


@pytest.mark.parametrize("zipped", [False, True])
def test_files_that_are_no_images_are_counted_by_ending_with_the_identities_they_hid(
    tmp_path, zipped
):
    others = {f"lost{i}/{k}.MOV": b"moov" for i in range(2) for k in range(3)}
    others |= {"id00/notes.txt": b"Python", "README": b"P6 is a format of images"}
    images = open_data(made(tmp_path, FILES | others, zipped=zipped))
    assert images.remarks.left_out == {".mov": 6, ".txt": 1, "": 1}
    assert images.remarks.vanished == ("lost0", "lost1")
    said = "; ".join(images.remarks.sentences())
    assert "8 files are no images: 6 .mov" in said
    assert "2 folders have no image, such as lost0, lost1" in said


def test_what_is_left_out_is_logged_when_data_is_opened(tmp_path, caplog):
    open_data(write_files(tmp_path / "data", FILES | {"lost/1.mov": b"x"}))
    assert "1 files are no images: 1 .mov" in caplog.text


def test_data_of_which_nothing_is_an_image_says_what_it_holds(tmp_path):
    with pytest.raises(DataError, match=r"3 files are no images: 3 \.mov"):
        open_data(write_files(tmp_path / "data", {f"a/{k}.mov": b"x" for k in range(3)}))


def test_an_empty_folder_of_an_identity_is_reported(tmp_path):
    folder = write_files(tmp_path / "data", FILES)
    (folder / "id99" / "inner").mkdir(parents=True)
    assert read_folder(folder).remarks.vanished == ("id99",)


def test_linked_folders_and_files_are_followed(tmp_path):
    real = write_files(tmp_path / "real", FILES)
    links = tmp_path / "links"
    (links / "id01").mkdir(parents=True)
    (links / "id00").symlink_to(real / "id00")
    for file in (real / "id01").iterdir():
        (links / "id01" / file.name).symlink_to(file)
    images = read_folder(links)
    assert images.identities == ("id00", "id01")
    assert {image.name: image.read() for image in images} == {
        name: data for name, data in FILES.items() if name[:4] in {"id00", "id01"}
    }
    assert images.remarks.sentences() == ()


def test_a_data_set_of_links_only_is_read(tmp_path):
    real = write_files(tmp_path / "real", FILES)
    (tmp_path / "links").mkdir()
    for folder in real.iterdir():
        (tmp_path / "links" / folder.name).symlink_to(folder)
    assert read_folder(tmp_path / "links").identities == read_folder(real).identities


def test_links_in_a_circle_end_and_are_counted(tmp_path):
    folder = write_files(tmp_path / "data", FILES)
    (folder / "id00" / "again").symlink_to(folder)
    (folder / "id01" / "self").symlink_to(folder / "id01")
    (folder / "id02" / "nothing").symlink_to(folder / "absent")
    (folder / "id02" / "round").symlink_to(folder / "id02" / "round")
    images = read_folder(folder)
    assert len(images) == len(FILES)
    assert images.remarks.skipped == {"links back into a folder above": 2, "links to nothing": 2}


def test_folders_that_link_to_each_other_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(walk, "MAX_ENTRIES", 100)
    folder = write_files(tmp_path / "data", FILES)
    for i in range(4):
        for j in range(4):
            (folder / f"id{i:02d}" / f"to{j}").symlink_to(folder / f"id{j:02d}")
    with pytest.raises(DataError, match="more than 100 files and folders"):
        read_folder(folder)


def test_a_file_that_an_identity_has_twice_by_a_link_counts_once(tmp_path):
    folder = write_files(tmp_path / "data", FILES)
    (folder / "id00" / "z.png").symlink_to(folder / "id00" / "0.png")
    os.link(folder / "id01" / "0.png", folder / "id01" / "z.png")
    images = read_folder(folder)
    assert [image.name for image in images] == sorted(FILES)
    assert images.remarks.repeated == 2


def test_pipes_sockets_and_devices_are_not_opened(tmp_path, monkeypatch):
    folder = write_files(tmp_path / "data", FILES)
    os.mkfifo(folder / "id00" / "pipe.png")
    monkeypatch.chdir(folder / "id01")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s.png")
        images = read_folder(folder)
    assert len(images) == len(FILES)
    assert images.remarks.skipped == {"pipes, sockets and devices": 2}


def test_folders_that_are_too_deep_are_counted(tmp_path):
    deep = "/".join("abcdefghijklmn")
    images = read_folder(write_files(tmp_path / "data", FILES | {f"{deep}/1.png": IMAGE}))
    assert images.remarks.skipped == {f"folders more than {walk.MAX_DEPTH} levels deep": 1}


def test_a_name_that_is_not_utf_8_is_an_identity_too(tmp_path):
    folder = write_files(tmp_path / "data", FILES)
    write_files(folder, {os.fsdecode(b"Jos\xe9/1.png"): IMAGE})
    images = read_folder(folder)
    assert "Jos\\xe9" in images.identities
    assert images.fingerprint()


@pytest.mark.parametrize("top", ["", "people\\", "C:\\people\\"])
def test_a_zip_with_backslashes_is_read(tmp_path, top):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = f"{top}id00\\"
        archive.writestr(entry, b"")
        for name, data in FILES.items():
            entry = zipfile.ZipInfo("x")
            entry.filename = top + name.replace("/", "\\")
            archive.writestr(entry, data)
    images = read_zip(path)
    assert images.identities == ("id00", "id01", "id02", "id03")
    assert images.remarks.sentences() == ()


@pytest.mark.parametrize("name", ["../id00/9.png", "id00/../../9.png", "id00\\..\\9.png"])
def test_a_zip_that_reaches_outside_is_refused(tmp_path, name):
    path = write_zip(tmp_path / "data.zip", FILES)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        archive.writestr(entry, IMAGE)
    with pytest.raises(DataError, match="outside of its own folders"):
        read_zip(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_a_zip_has_twice_counts_once_and_the_last_counts(tmp_path):
    path = write_zip(tmp_path / "data.zip", FILES)
    other = png(pattern(77))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("id00/0.png", IMAGE)
        archive.writestr("id00//0.png", IMAGE)
        archive.writestr("id00/./0.png", other)
    images = read_zip(path)
    assert [image.name for image in images] == sorted(FILES)
    assert images.images[0].read() == other
    assert images.remarks.skipped == {"entries of the zip under the name of another": 3}


def test_a_link_inside_a_zip_is_not_followed(tmp_path):
    path = write_zip(tmp_path / "data.zip", FILES)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("id00/9.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    images = read_zip(path)
    assert [image.name for image in images] == sorted(FILES)
    assert images.remarks.skipped == {"links inside the zip": 1}


def lying_zip(path, method, stated):
    """A zip of an image of 60 MB of zeros whose headers state another size."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
        archive.writestr("id00/9.png", bytes(60_000_000))
    data = bytearray(path.read_bytes())
    size = (60_000_000).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = stated.to_bytes(4, "little")
    path.write_bytes(data)
    return path


def test_a_zip_that_states_a_small_size_is_not_unpacked_further(tmp_path):
    images = read_zip(lying_zip(tmp_path / "data.zip", zipfile.ZIP_DEFLATED, 1000))
    bomb = next(image for image in images if image.name == "id00/9.png")
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"id00/9\.png cannot be read from its zip"):
            bomb.read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_whose_size_cannot_be_bounded_is_refused(tmp_path, method):
    with pytest.raises(DataError, match="only zips packed by the usual one"):
        read_zip(lying_zip(tmp_path / "data.zip", method, 1000))


def test_an_encrypted_zip_is_refused_at_once(tmp_path):
    path = write_zip(tmp_path / "data.zip", FILES)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="without a password"):
        read_zip(path)


def test_a_zip_bomb_is_refused_by_its_stated_size(tmp_path):
    images = read_zip(lying_zip(tmp_path / "data.zip", zipfile.ZIP_DEFLATED, 2_000_000_000))
    bomb = next(image for image in images if image.name == "id00/9.png")
    with pytest.raises(DataError, match="more than 100,000,000 bytes"):
        bomb.read()


def test_large_files_that_are_no_images_do_not_stop_a_zip(tmp_path):
    path = write_zip(tmp_path / "data.zip", FILES)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("id00/film.mov", bytes(100_000_001))
        archive.writestr("id00/odd.bz2", bz2.compress(b"x"))
    assert read_zip(path).remarks.left_out == {".mov": 1, ".bz2": 1}


@pytest.mark.parametrize("magic", [b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07", b"\x1f\x8b\x08"])
def test_another_archive_is_told_to_be_unpacked(tmp_path, magic):
    (tmp_path / "data.7z").write_bytes(magic + bytes(600))
    with pytest.raises(DataError, match="unpack others"):
        read_data(tmp_path / "data.7z")


def test_a_file_that_cannot_be_read_is_left_out_of_the_fingerprint_and_no_crash(tmp_path):
    path = write_zip(tmp_path / "data.zip", FILES)
    data = bytearray(path.read_bytes())
    data[data.index(FILES["id01/0.png"]) + 40] ^= 0xFF
    path.write_bytes(data)
    images = read_zip(path)
    assert images.fingerprint() != read_folder(write_files(tmp_path / "d", FILES)).fingerprint()
    assert images.contents.count("unreadable") == 1


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_many_chunks():
    head, rest = IMAGE[:33], IMAGE[33:]
    return head + chunk(b"teSt") * 20_000 + rest


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        IMAGE[:40],
        png_of_many_chunks(),
        b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
    ],
    ids=["cut short", "too large", "a begin", "HEIC"],
)
def test_a_damaged_image_of_another_ending_is_named_or_counted(tmp_path, zipped, data):
    images = open_data(made(tmp_path, FILES | {"id00/x.odd": data}, zipped=zipped))
    _, broken = inspect(images)
    named = [failure.split(":")[0] for failure in broken]
    assert named == ["id00/x.odd"] or images.remarks.left_out == {".odd": 1}
    if data.startswith((b"\x89PNG", b"\xff\xd8")):
        assert named == ["id00/x.odd"]


def test_an_error_of_a_formats_reader_does_not_end_the_listing(tmp_path, monkeypatch):
    """As that of libheif at a variant that it does not read."""

    class Refusing(Image.OPEN["GIF"][0]):
        def _open(self):
            raise UnsupportedImageError("a variant that is not read")

    monkeypatch.setitem(Image.OPEN, "GIF", (Refusing, Image.OPEN["GIF"][1]))
    odd = {"id00/x.odd": png(pattern(0), "GIF")}
    images = open_data(write_files(tmp_path / "data", FILES | odd))
    assert [failure.split(":")[0] for failure in inspect(images)[1]] == ["id00/x.odd"]


def test_prose_that_begins_like_an_image_is_none(tmp_path):
    text = b"P5 this is prose, and no picture"
    images = read_folder(write_files(tmp_path / "data", FILES | {"id00/letter": text}))
    assert images.remarks.left_out == {"": 1}
