import pytest

from tests.training.synthetic import image_set
from training.data.folds import fold_splits
from training.errors import SplitError

IMAGES = image_set({f"p{i:02d}": 2 for i in range(40)})


def test_everybody_is_tested_once_and_never_by_a_system_that_knows_them():
    splits = list(fold_splits(IMAGES, 8, 0.2, seed=3))
    assert len(splits) == 8
    tested = [name for split in splits for name in split.test]
    assert sorted(tested) == list(IMAGES.identities)
    for split in splits:
        parts = [*split.train, *split.calibration, *split.test]
        assert sorted(parts) == list(IMAGES.identities)
        assert (len(split.test), len(split.calibration), len(split.train)) == (5, 7, 28)


def test_a_seed_decides_who_is_in_which_fold():
    assert list(fold_splits(IMAGES, 8, 0.2, 1)) == list(fold_splits(IMAGES, 8, 0.2, 1))
    assert list(fold_splits(IMAGES, 8, 0.2, 1)) != list(fold_splits(IMAGES, 8, 0.2, 2))


@pytest.mark.parametrize("folds", [1, 21])
def test_folds_that_cannot_be_made_are_refused(folds):
    with pytest.raises(SplitError, match="cannot make"):
        list(fold_splits(IMAGES, folds, 0.2, 0))
