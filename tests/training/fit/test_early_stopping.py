import pytest

from training.fit.early_stopping import best_epoch, is_over


def history(*rates):
    return [{"epoch": i + 1, "calibration EER": rate} for i, rate in enumerate(rates)]


def test_the_best_epoch_is_the_last_of_the_lowest():
    assert best_epoch(history(0.5, 0.2, 0.3, 0.2)) == 4
    assert best_epoch(history(0.5, 0.2, 0.3)) == 2
    assert best_epoch([]) == 0


@pytest.mark.parametrize(
    ("rates", "over"),
    [
        ((), False),
        ((0.5,), False),
        ((0.5, 0.6), False),
        ((0.5, 0.6, 0.5), True),
        ((0.5, 0.6, 0.4), False),
        ((0.5, 0.6, 0.4, 0.4), False),
        ((0.5, 0.6, 0.4, 0.4, 0.41), True),
    ],
)
def test_training_is_over_after_two_epochs_without_a_lower_rate(rates, over):
    assert is_over(history(*rates), 2) is over
    assert is_over(history(*rates), None) is False
