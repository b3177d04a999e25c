import pytest

from training.data.demo import draw_folder
from training.data.readers.folder import read_folder
from training.errors import DataError


def test_the_same_seed_draws_the_same_files(tmp_path):
    for name in ("one", "two"):
        draw_folder(tmp_path / name, identities=3, images=2, seed=5)
    one, two = (read_folder(tmp_path / name).fingerprint() for name in ("one", "two"))
    assert one == two


def test_another_seed_draws_other_figures(tmp_path):
    for seed in (5, 6):
        draw_folder(tmp_path / str(seed), identities=3, images=2, seed=seed)
    assert read_folder(tmp_path / "5").fingerprint() != read_folder(tmp_path / "6").fingerprint()


def test_each_identity_gets_its_folder_with_as_many_images_as_were_asked_for(tmp_path):
    draw_folder(tmp_path / "drawn", identities=4, images=3, seed=0)
    drawn = read_folder(tmp_path / "drawn")
    assert len(drawn.identities) == 4
    assert len(drawn) == 12
    assert len({image.read() for image in drawn}) == 12


def test_a_folder_that_holds_something_is_not_drawn_into(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        draw_folder(tmp_path, identities=2, images=2, seed=0)
    assert [file.name for file in tmp_path.iterdir()] == ["precious.txt"]
