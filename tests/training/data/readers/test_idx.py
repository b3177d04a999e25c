import numpy as np
import pytest

from model.manifest import Aspect, InputSpec
from tests.training.synthetic import idx_bytes, pattern, write_idx
from training.data.decoding import decode
from training.data.source import open_data
from training.errors import DataError

LABELS = np.array([3, 1, 3, 1, 0, 0], dtype=np.uint8)
PIXELS = np.stack([pattern(label, k, side=12) for k, label in enumerate(LABELS)])


@pytest.mark.parametrize("zipped", [False, True])
def test_what_was_written_is_read(tmp_path, zipped):
    images = open_data(write_idx(tmp_path / "digits", PIXELS, LABELS, zipped=zipped))
    assert [image.identity for image in images] == list(map(str, LABELS))
    assert images.identities == ("0", "1", "3")
    spec = InputSpec(width=12, height=12, channels=1, aspect=Aspect.STRETCH)
    np.testing.assert_array_equal(decode(images, spec).pixels[..., 0], PIXELS)


def test_several_parts_are_read_together(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS, "train", zipped=True)
    images = open_data(write_idx(tmp_path, PIXELS[:2], LABELS[:2], "t10k"))
    assert len(images) == 8
    assert sum(image.name.startswith("t10k/") for image in images) == 2


@pytest.mark.parametrize("cut", [1, 100, len(idx_bytes(PIXELS)) - 10])
def test_a_cut_file_is_an_error(tmp_path, cut):
    write_idx(tmp_path, PIXELS, LABELS)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match="images-idx3"):
        open_data(tmp_path)


def test_a_cut_gzip_is_an_error(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS, zipped=True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="cannot be read"):
        open_data(tmp_path)


def test_a_damaged_gzip_is_an_error(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS, zipped=True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    data = bytearray(path.read_bytes())
    data[12:200] = b"\xff" * 188
    path.write_bytes(data)
    with pytest.raises(DataError, match="cannot be read"):
        open_data(tmp_path)


@pytest.mark.parametrize("part", ["images-idx3", "labels-idx1"])
def test_another_magic_number_is_an_error(tmp_path, part):
    write_idx(tmp_path, PIXELS, LABELS)
    path = tmp_path / f"train-{part}-ubyte"
    path.write_bytes(b"\0\0\x0d" + path.read_bytes()[3:])
    with pytest.raises(DataError, match="not an IDX file"):
        open_data(tmp_path)


def test_images_without_labels_are_an_error(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="labels-idx1-ubyte cannot be read"):
        open_data(tmp_path)


def test_more_images_than_labels_are_an_error(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS[:4])
    with pytest.raises(DataError, match=r"6 images, but .* 4 labels"):
        open_data(tmp_path)


@pytest.mark.data
def test_mnist_has_seventy_thousand_digits(data_sets):
    images = open_data(data_sets / "mnist")
    assert len(images) == 70_000
    assert images.identities == tuple("0123456789")
    assert len(images.test_images) == 10_000


def test_the_images_of_t10k_are_the_sets_own_test_images(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS, "train")
    images = open_data(write_idx(tmp_path, PIXELS[:2], LABELS[:2], "t10k"))
    assert images.test_images == {"t10k/000000", "t10k/000001"}
    assert images.of(["1"]).test_images == images.test_images


def test_files_that_macos_left_beside_them_are_ignored(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS)
    (tmp_path / "._train-images-idx3-ubyte").write_bytes(b"\0\5\26\7")
    assert len(open_data(tmp_path)) == len(PIXELS)


def test_a_part_that_is_there_gzipped_and_not_counts_once(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS)
    write_idx(tmp_path, PIXELS, LABELS, zipped=True)
    images = open_data(tmp_path)
    assert len({image.name for image in images}) == len(images) == len(PIXELS)


def test_the_names_with_a_dot_are_read_too(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert len(open_data(tmp_path)) == len(PIXELS)


@pytest.mark.parametrize("zipped", [False, True])
def test_content_and_not_the_ending_says_whether_a_file_is_gzipped(tmp_path, zipped):
    write_idx(tmp_path, PIXELS, LABELS, zipped=zipped)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_suffix("") if zipped else path.with_name(f"{path.name}.gz"))
    assert len(open_data(tmp_path)) == len(PIXELS)


def test_a_header_that_promises_too_much_is_refused_before_it_is_read(tmp_path):
    write_idx(tmp_path, PIXELS, LABELS)
    file = tmp_path / "train-images-idx3-ubyte"
    file.write_bytes(b"\0\0\x08\x03" + b"\xff" * 12 + bytes(100))
    with pytest.raises(DataError, match="at most 2,000,000,000 are read"):
        open_data(tmp_path)
