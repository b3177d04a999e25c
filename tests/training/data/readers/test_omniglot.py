import pytest

from tests.training.synthetic import pattern, png, write_zip
from training.data.source import open_data


def characters(top, alphabets, first):
    return {
        f"{top}/{alphabet}/character{c:02d}/{first + c:04d}_{k:02d}.png": png(pattern(first + c, k))
        for alphabet in alphabets
        for c in (1, 2)
        for k in (1, 2)
    }


@pytest.mark.parametrize("ending", ["", "_repacked"])
def test_a_character_is_an_identity_and_the_evaluation_set_is_for_testing(tmp_path, ending):
    background = characters("images_background", ["Greek", "Latin"], 0)
    evaluation = characters("images_evaluation", ["Elvish", "Runes"], 10)
    write_zip(tmp_path / f"images_background{ending}.zip", background)
    write_zip(tmp_path / f"images_evaluation{ending}.zip", evaluation)
    images = open_data(tmp_path)
    assert len(images) == 16
    assert images.test_identities == {
        f"{alphabet}/character{c:02d}" for alphabet in ("Elvish", "Runes") for c in (1, 2)
    }
    assert len(images.identities) == 8
    names = [image.name for image in images]
    assert names == sorted(names)


@pytest.mark.data
def test_omniglot_is_as_published(data_sets):
    images = open_data(data_sets / "omniglot")
    assert (len(images), len(images.identities)) == (32_460, 1_623)
    assert len(images.test_identities) == 659
