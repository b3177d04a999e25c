import numpy as np
import pytest
import torch

from model.manifest import Metric
from training.errors import ConfigError
from training.transfer.regression import TargetRegression


def regression(targets, dim=5, weight=2.0):
    torch.manual_seed(0)
    return TargetRegression(dim, targets.astype(np.float32), Metric.L2, weight)


def cosines(one, other):
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / lengths


def test_the_loss_is_of_the_cosines_of_known_rows():
    rng = np.random.default_rng(0)
    targets = rng.standard_normal((6, 3))
    targets[2] = np.nan
    made = regression(targets)
    student = torch.from_numpy(rng.standard_normal((4, 5)).astype(np.float32))
    rows = torch.tensor([5, 2, 0, 5])
    guessed = (student @ made.map.weight.t()).detach().numpy()
    centred = targets - np.nanmean(targets, axis=0)
    expected = 2.0 * (1 - cosines(guessed, centred[rows.numpy()]))[[0, 2, 3]].mean()
    assert made.loss(student, rows).item() == pytest.approx(expected, rel=1e-5)
    assert made.loss(student[1:2], rows[1:2]).item() == 0


def test_it_begins_with_the_least_squares():
    rng = np.random.default_rng(1)
    student = rng.standard_normal((400, 5))
    targets = student @ rng.standard_normal((5, 3)) + [1, 2, 3] + rng.normal(0, 0.1, (400, 3))
    targets[7] = np.nan
    made = regression(targets)
    before = made.loss(torch.from_numpy(student).float(), torch.arange(400)).item()
    made.begin(torch.from_numpy(student).float())
    after = made.loss(torch.from_numpy(student).float(), torch.arange(400)).item()
    known = np.isfinite(targets).all(axis=1)
    centred = targets[known] - targets[known].mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    solution, *_ = np.linalg.lstsq(student[known], centred, rcond=None)
    best = 2.0 * (1 - cosines(student[known] @ solution, centred)).mean()
    assert after == pytest.approx(best, rel=0.05)
    assert after < before / 5


def test_gradients_flow_to_student_and_map():
    made = regression(np.eye(4, 3))
    student = torch.zeros(4, 5, requires_grad=True)
    made.loss(student, torch.arange(4)).backward()
    assert torch.isfinite(student.grad).all()
    assert student.grad.abs().sum() > 0
    assert set(made.state_dict()) == {"map.weight"}


def test_another_metric_is_refused():
    with pytest.raises(ConfigError, match="needs the metric l2, not hamming"):
        TargetRegression(5, np.ones((4, 3), np.float32), Metric.HAMMING, 1.0)
