import hashlib
import io

import numpy as np
from PIL import Image

from tests.training import synthetic
from training.data.decoding import decode
from training.data.quality import THUMBNAIL, inspect
from training.data.readers.folder import read_folder


def test_size_colours_and_content_are_told(tmp_path):
    picture = Image.fromarray(np.full((20, 30, 4), 99, np.uint8), "RGBA")
    file = io.BytesIO()
    picture.save(file, "PNG")
    files = {"a/0.png": file.getvalue(), "b/0.png": synthetic.png(synthetic.pattern(0))}
    (first, second), _ = inspect(read_folder(synthetic.write_files(tmp_path / "d", files)))
    assert (first.name, first.identity) == ("a/0.png", "a")
    assert (first.width, first.height, first.mode) == (30, 20, "RGBA")
    assert first.sha256 == hashlib.sha256(files["a/0.png"]).hexdigest()
    assert (second.width, second.height, second.mode) == (24, 24, "L")


def test_what_cannot_be_read_is_what_training_leaves_out(tmp_path, caplog):
    whole = synthetic.png(synthetic.pattern(0))
    files = {"a/0.png": whole, "a/1.png": whole[:-60], "b/0.png": b"", "b/1.png": b"text"}
    images = read_folder(synthetic.write_files(tmp_path / "d", files))
    readable, broken = inspect(images)
    assert [image.name for image in readable] == ["a/0.png"]
    assert [failure.split(":")[0] for failure in broken] == ["a/1.png", "b/0.png", "b/1.png"]
    decoded = decode(images, THUMBNAIL)
    assert [image.name for image in decoded.source] == ["a/0.png"]
    np.testing.assert_array_equal(decoded.pixels[0, :, :, 0], readable[0].thumbnail)
    assert "3 of 4 images left out" in caplog.text
