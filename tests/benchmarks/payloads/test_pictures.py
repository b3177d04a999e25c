import io

import pytest
from PIL import Image

from benchmarks.payloads.pictures import load, make_pictures, save


@pytest.mark.parametrize(
    ("name", "size", "format_"),
    [
        ("att", (92, 112), "JPEG"),
        ("att-png", (92, 112), "PNG"),
        ("att-pgm", (92, 112), "PPM"),
        ("lfw", (160, 160), "JPEG"),
        ("photo-320x240", (320, 240), "JPEG"),
        ("face", (320, 320), "JPEG"),
        ("face-640x480", (640, 480), "JPEG"),
    ],
)
def test_without_data_sets_pictures_are_drawn_and_say_so(tmp_path, name, size, format_):
    made = make_pictures(name, 3, tmp_path)
    opened = [Image.open(io.BytesIO(file)) for file in made.files]
    assert [(image.size, image.format) for image in opened] == [(size, format_)] * 3
    assert len(set(made.files)) == 3
    assert made.source.startswith("drawn")


def test_an_unknown_set_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no set of pictures"):
        make_pictures("nothing", 1, tmp_path)


def test_saved_pictures_are_loaded_in_their_order(tmp_path):
    made = make_pictures("att", 3, tmp_path)
    assert load(save(made, tmp_path / "files")) == made.files
