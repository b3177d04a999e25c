import numpy as np
import pytest

from model.manifest import Aspect, InputSpec
from tests.training.synthetic import files_of, pattern, png, write_files, write_zip
from training.data.decoding import decode
from training.data.readers.folder import read_folder, read_zip
from training.data.source import open_data
from training.errors import DataError

FILES = files_of(3, 2)
IMAGE = next(iter(FILES.values()))


def named(images):
    return {image.name: image.identity for image in images}


def test_an_identity_is_a_folder(tmp_path):
    images = read_folder(write_files(tmp_path / "data", FILES))
    assert images.identities == ("id00", "id01", "id02")
    assert [image.name for image in images] == sorted(FILES)
    assert {image.name: image.read() for image in images} == FILES
    assert images.name == "data"


def test_a_zip_reads_as_its_folder_would(tmp_path):
    archive = write_zip(tmp_path / "data.zip", FILES)
    folder = write_files(tmp_path / "data", FILES)
    assert read_zip(archive) == read_folder(folder)
    assert read_zip(archive).fingerprint() == read_folder(folder).fingerprint()


@pytest.mark.parametrize("prefix", ["top/", "top/inner/"])
@pytest.mark.parametrize("zipped", [False, True])
def test_what_all_images_share_is_no_part_of_an_identity(tmp_path, prefix, zipped):
    files = {prefix + name: data for name, data in FILES.items()}
    path = (write_zip if zipped else write_files)(tmp_path / "data", files)
    assert open_data(path).identities == ("id00", "id01", "id02")


def test_identities_one_level_deeper_keep_their_group(tmp_path):
    files = {f"{group}/{who}/{k}.png": IMAGE for group in "ab" for who in "xy" for k in range(2)}
    images = read_folder(write_files(tmp_path / "data", files))
    assert images.identities == ("a/x", "a/y", "b/x", "b/y")


def test_folders_of_different_depth_are_identities_of_their_own(tmp_path):
    files = {"a/1.png": IMAGE, "a/2.png": IMAGE, "b/c/1.png": IMAGE, "b/c/2.png": IMAGE}
    assert read_folder(write_files(tmp_path / "data", files)).identities == ("a", "b/c")


def test_every_listed_ending_is_read_in_either_case(tmp_path):
    endings = [
        "jpg",
        "JPG",
        "jpeg",
        "png",
        "PNG",
        "webp",
        "bmp",
        "gif",
        "tif",
        "tiff",
        "pgm",
        "ppm",
    ]
    files = {f"{who}/{i}.{ending}": IMAGE for who in "ab" for i, ending in enumerate(endings)}
    assert len(read_folder(write_files(tmp_path / "data", files))) == 2 * len(endings)


@pytest.mark.parametrize("zipped", [False, True])
def test_hidden_files_and_what_is_no_image_are_passed_over(tmp_path, zipped):
    strays = {
        ".DS_Store": b"x",
        "README.txt": b"x",
        "id00/.hidden.png": b"x",
        "id00/notes.txt": b"x",
        ".git/objects/1.png": b"x",
        "__MACOSX/id00/._0.png": b"x",
        "id01/Thumbs.db": b"x",
    }
    path = (write_zip if zipped else write_files)(tmp_path / "data", FILES | strays)
    assert [image.name for image in open_data(path)] == sorted(FILES)


@pytest.mark.parametrize("zipped", [False, True])
def test_images_beside_the_folders_are_an_error_that_names_one(tmp_path, zipped):
    files = FILES | {"loose.png": IMAGE}
    path = (write_zip if zipped else write_files)(tmp_path / "data", files)
    with pytest.raises(DataError, match=r"1 images, such as loose\.png"):
        open_data(path)


def test_images_without_any_folder_are_an_error(tmp_path):
    with pytest.raises(DataError, match="a folder of its own"):
        read_folder(write_files(tmp_path / "data", {"1.png": IMAGE, "2.png": IMAGE}))


@pytest.mark.parametrize("files", [{}, {"a/notes.txt": b"x"}], ids=["nothing", "no image"])
@pytest.mark.parametrize("zipped", [False, True])
def test_no_images_are_an_error_that_says_what_was_expected(tmp_path, files, zipped):
    (tmp_path / "data").mkdir()
    path = (write_zip(tmp_path / "data.zip", files)) if zipped else tmp_path / "data"
    write_files(tmp_path / "data", files)
    with pytest.raises(DataError, match="one folder for each identity"):
        open_data(path)


def test_a_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        open_data(tmp_path / "absent")


def test_a_file_that_is_no_zip_is_an_error(tmp_path):
    (tmp_path / "data.zip").write_bytes(b"PK but not really")
    with pytest.raises(DataError, match="cannot be read as a zip"):
        open_data(tmp_path / "data.zip")


def test_a_damaged_image_in_a_zip_is_an_error_that_names_it(tmp_path):
    path = write_zip(tmp_path / "data.zip", FILES)
    data = bytearray(path.read_bytes())
    data[data.index(FILES["id01/0.png"]) + 40] ^= 0xFF  # Stored as it is, so its CRC is now wrong.
    path.write_bytes(data)
    damaged = next(image for image in read_zip(path) if image.name == "id01/0.png")
    with pytest.raises(DataError, match=r"id01/0\.png"):
        damaged.read()


def test_a_file_over_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("training.data.readers.folder.MAX_FILE_BYTES", 10)
    folder = read_folder(write_files(tmp_path / "data", FILES))
    archive = read_zip(write_zip(tmp_path / "data.zip", FILES))
    for images in (folder, archive):
        with pytest.raises(DataError, match="more than 10 bytes"):
            images.images[0].read()


def test_a_zip_is_read_from_many_threads_at_once(tmp_path):
    files = files_of(10, 10)
    images = read_zip(write_zip(tmp_path / "data.zip", files))
    spec = InputSpec(width=24, height=24, channels=1, aspect=Aspect.STRETCH)
    pixels = decode(images, spec).pixels
    expected = [pattern(i, k) for i in range(10) for k in range(10)]
    np.testing.assert_array_equal(pixels[..., 0], expected)


def test_the_working_folder_has_a_name_too(tmp_path, monkeypatch):
    monkeypatch.chdir(write_files(tmp_path / "mine", FILES))
    assert read_folder(type(tmp_path)()).name == "mine"


@pytest.mark.data
def test_att_faces_are_forty_people_with_ten_images_each(data_sets):
    images = open_data(data_sets / "att_faces.zip")
    assert len(images) == 400
    assert np.bincount(images.labels()).tolist() == [10] * 40
    assert images.images[0].read() != png(pattern(0))


def test_one_identity_alone_is_said_to_be_one(tmp_path):
    root = write_files(tmp_path, {"anna/1.png": png(pattern(0)), "anna/2.png": png(pattern(0))})
    with pytest.raises(DataError, match="there is one identity"):
        read_folder(root)


def test_a_zip_that_mixes_absolute_and_relative_paths_is_read(tmp_path):
    path = write_zip(tmp_path / "d.zip", {"/a/1.png": png(pattern(0)), "b/1.png": png(pattern(0))})
    assert read_zip(path).identities == ("a", "b")
