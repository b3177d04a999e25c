from dataclasses import replace

import pytest

from tests.training.synthetic import image_set
from training.data.folds import common_split, fold_splits, official_fold_splits
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


def official(*folds, counts=None):
    """An image set whose folds have one impostor pair for each two of the people given."""
    images = image_set(counts or {f"p{i:02d}": 2 for i in range(20)} | {"single": 1})
    pairs = tuple(tuple((f"{a}/0.png", f"{b}/0.png", False) for a, b in fold) for fold in folds)
    return replace(images, pair_folds=pairs)


def test_the_people_of_a_fold_are_tested_and_all_others_trained_or_calibrated_on():
    images = official([("p00", "p01"), ("p02", "p01")], [("p03", "single")])
    first, second = official_fold_splits(images, 0.2, seed=3)
    assert first.test == ("p00", "p01", "p02")
    assert second.test == ("p03", "single")
    for split in (first, second):
        parts = [*split.train, *split.calibration, *split.test]
        assert sorted(parts) == list(images.identities)
    assert (len(first.calibration), len(second.calibration)) == (3, 4)  # Of 17 and of 19.


def test_only_people_with_several_images_calibrate():
    images = official([("a0", "a1")], counts={f"a{i}": 1 + (i > 14) for i in range(20)})
    (split,) = official_fold_splits(images, 0.4, seed=3)
    assert set(split.calibration) < {f"a{i}" for i in range(15, 20)}
    assert len(split.calibration) == 2


def test_a_seed_decides_who_calibrates_in_each_fold():
    images = official([("p00", "p01")], [("p02", "p03")])
    same = [list(official_fold_splits(images, 0.3, seed=1)) for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] != list(official_fold_splits(images, 0.3, seed=2))


FOUR = official(*([(f"p{2 * i:02d}", f"p{2 * i + 1:02d}")] for i in range(4)))


def test_the_folds_of_a_group_calibrate_on_the_same_people_whom_none_of_them_tests():
    splits = list(official_fold_splits(FOUR, 0.3, seed=3, groups=2))
    assert [split.test for split in splits] == [
        split.test for split in official_fold_splits(FOUR, 0.3, 3)
    ]
    for group in (splits[:2], splits[2:]):
        (calibration,) = {split.calibration for split in group}
        assert not set(calibration) & {name for split in group for name in split.test}
        for split in group:
            parts = [*split.train, *split.calibration, *split.test]
            assert sorted(parts) == list(FOUR.identities)


def test_what_folds_begin_with_has_seen_nobody_whom_one_of_them_tests():
    group = list(official_fold_splits(FOUR, 0.3, seed=3, groups=2))[:2]
    common = common_split(group)
    assert common.test == ("p00", "p01", "p02", "p03")
    assert common.calibration == group[0].calibration
    parts = [*common.train, *common.calibration, *common.test]
    assert sorted(parts) == list(FOUR.identities)
    assert all(set(common.train) < set(split.train) for split in group)


def test_more_groups_than_folds_are_refused():
    with pytest.raises(SplitError, match="4 folds, which make no 5 groups"):
        list(official_fold_splits(FOUR, 0.3, seed=3, groups=5))


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (IMAGES, "no folds of its own"),
        (official([("p00", "p01")], [("p01", "p02"), ("p00", "p03")]), "2 identities, such as p00"),
        (
            official([("a", "b")], counts=dict.fromkeys("abcde", 2)),
            "group 0 .* leaves 3 identities",
        ),
    ],
    ids=["none", "somebody in two", "too few others"],
)
def test_official_folds_that_cannot_be_trained_for_are_refused(images, reason):
    with pytest.raises(SplitError, match=reason):
        list(official_fold_splits(images, 0.2, 0))
