import numpy as np
import pytest
import torch

from model.manifest import Metric
from training.errors import ConfigError
from training.transfer.similarities import TaughtSimilarities

IMAGES = 40


def taught(targets, dim=5, images=IMAGES, weight=2.0):
    return TaughtSimilarities(dim, targets.astype(np.float32), images, Metric.L2, weight)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def drawn(rows=IMAGES, dim=5, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, dim))


def whitened(targets, images=IMAGES):
    """By its definition: the covariance with 0.3 of the mean variance more, to the power -1/2."""
    sample = targets[:images][np.isfinite(targets[:images]).all(axis=1)]
    covariance = np.cov(sample.T)
    covariance += 0.3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, axes = np.linalg.eigh(covariance)
    return unit((targets - sample.mean(axis=0)) @ axes @ np.diag(values**-0.5) @ axes.T)


def test_the_loss_is_the_divergence_of_the_similarities():
    targets = drawn(IMAGES + 3) * [3, 2, 1, 1, 1] + 4
    targets[2] = np.nan
    made = taught(targets)
    student, rows = unit(drawn(4, seed=1)), np.array([5, 2, IMAGES + 1, 5])
    own = whitened(targets)
    bank = np.delete(own[:IMAGES], 2, axis=0)
    wanted = softmax(np.nan_to_num(own[rows]) @ bank.T / 0.03)
    found = softmax(student @ bank.T / 0.1)
    apart = (wanted * (np.log(np.maximum(wanted, 1e-300)) - np.log(found))).sum(axis=1)
    tensors = torch.from_numpy(student).float(), torch.from_numpy(rows)
    assert made.loss(*tensors).item() == pytest.approx(2 * apart[[0, 2, 3]].mean(), rel=1e-3)
    assert made.loss(tensors[0][1:2], tensors[1][1:2]).item() == 0


def test_it_does_not_depend_on_the_length_of_the_students_embeddings():
    made, student = taught(drawn()), torch.from_numpy(drawn(4, seed=1)).float()
    rows = torch.arange(4)
    assert made.loss(student, rows).item() == pytest.approx(made.loss(3 * student, rows).item())


@pytest.mark.parametrize("dim", [3, 5, 7], ids=["fewer", "as many", "more"])
def test_it_begins_with_the_axes_of_the_student(dim):
    """A student that is the teacher in turned axes has nothing to learn but the temperatures."""
    targets = drawn() * np.linspace(3, 1, 5)
    targets[7] = np.nan
    own = np.nan_to_num(whitened(targets))
    turned = np.linalg.qr(drawn(max(5, dim), max(5, dim), seed=2))[0][:5, :dim]
    student, rows = torch.from_numpy(unit(own @ turned + 1e-9)).float(), torch.arange(IMAGES)
    made = taught(targets, dim=dim)
    before = made.loss(student, rows).item()
    made.begin(student)
    assert made.loss(student, rows).item() < (0.8 if dim == 3 else 0.5) * before
    if dim >= 5:
        np.testing.assert_allclose(made.bank @ made.turn, np.delete(own, 7, 0) @ turned, atol=1e-3)


def test_gradients_flow_to_the_student_alone_and_the_axes_are_kept():
    made = taught(drawn())
    student = torch.ones(4, 5, requires_grad=True)
    made.loss(student, torch.arange(4)).backward()
    assert torch.isfinite(student.grad).all()
    assert student.grad.abs().sum() > 0
    assert not list(made.parameters())
    assert set(made.state_dict()) == {"turn"}


def test_a_mixture_that_lies_between_two_images_is_learnt_as_such():
    targets = drawn(IMAGES)
    between = unit(targets[:1]) + unit(targets[1:2])
    made = taught(np.concatenate([targets, between]))
    own, rows = whitened(np.concatenate([targets, between])), torch.tensor([IMAGES])
    losses = {
        name: made.loss(torch.from_numpy(student[np.newaxis]).float(), rows).item()
        for name, student in (("own", own[IMAGES]), ("another", own[5]))
    }
    assert losses["own"] < losses["another"]


def test_another_metric_is_refused():
    with pytest.raises(ConfigError, match="needs the metric l2, not l1"):
        TaughtSimilarities(5, drawn().astype(np.float32), IMAGES, Metric.L1, 1)
