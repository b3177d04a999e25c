from training.data.split import IdentitySplit
from training.selection.folds import folds_of

SPLIT = IdentitySplit(
    train=tuple(f"t{i}" for i in range(10)), calibration=("c0", "c1", "c2"), test=("x0", "x1")
)


def test_the_first_fold_is_the_split_and_each_other_one_holds_others_out():
    folds = folds_of(SPLIT, 3, 0, frozenset())
    assert folds[0] == SPLIT
    held_out = [set(fold.calibration) for fold in folds]
    assert len(set.union(*held_out)) == 9
    for fold in folds:
        assert set(fold.train) | set(fold.calibration) == {*SPLIT.train, *SPLIT.calibration}
        assert not set(fold.train) & set(fold.calibration)
        assert fold.test == SPLIT.test


def test_identities_that_weights_have_seen_are_never_held_out():
    folds = folds_of(SPLIT, 9, 0, frozenset(f"t{i}" for i in range(6)))
    assert len(folds) == 2
    assert set(folds[1].calibration) <= {"t6", "t7", "t8", "t9"}
