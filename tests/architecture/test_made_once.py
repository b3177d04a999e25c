import pytest

from tests.made_once import digest_of


def test_a_folder_is_made_by_the_first_that_asks_and_again_after_a_failure(made_once):
    made = []

    def make(folder):
        made.append(folder)
        (folder / "file").touch(exist_ok=False)
        if len(made) == 1:
            raise OSError

    with pytest.raises(OSError, match=r"^$"):
        made_once("tried", make)
    assert made_once("tried", make) == made_once("tried", make) == made[1]
    assert len(made) == 2


def test_a_digest_tells_other_names_and_other_content(tmp_path):
    (tmp_path / "one").write_text("a")
    before = digest_of(tmp_path)
    (tmp_path / "one").write_text("b")
    assert digest_of(tmp_path) != before
    (tmp_path / "one").write_text("a")
    assert digest_of(tmp_path) == before
    (tmp_path / "one").rename(tmp_path / "two")
    assert digest_of(tmp_path) != before
