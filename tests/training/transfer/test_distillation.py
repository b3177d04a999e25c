import numpy as np
import pytest
import torch
from torch import nn

from model.manifest import Aspect, InputSpec, Metric
from tests.training import synthetic
from training.errors import ConfigError
from training.transfer.distillation import Distillation, distance_loss

L2 = (Metric.L2, Metric.L2)


def by_hand(student, teacher, metrics):
    """Reference by Park et al. 2019: Huber loss of distances divided by their mean."""

    def proportions(embeddings, metric):
        order = 1 if metric is Metric.L1 else 2
        distances = [
            np.linalg.norm(embeddings[i] - embeddings[j], order)
            for i in range(len(embeddings))
            for j in range(i + 1, len(embeddings))
        ]
        return np.array(distances) / np.mean(distances)

    apart = np.abs(proportions(student, metrics[0]) - proportions(teacher, metrics[1]))
    return np.where(apart <= 1, apart**2 / 2, apart - 0.5).mean()


@pytest.mark.parametrize("metrics", [L2, (Metric.L1, Metric.L2), (Metric.L2, Metric.L1)])
@pytest.mark.parametrize("seed", range(3))
def test_the_loss_is_that_of_the_paper_whatever_the_dimensions(metrics, seed):
    rng = np.random.default_rng(seed)
    student, teacher = rng.standard_normal((9, 4)), rng.standard_cauchy((9, 7))
    found = distance_loss(torch.from_numpy(student), torch.from_numpy(teacher), metrics)
    assert found.item() == pytest.approx(by_hand(student, teacher, metrics))


def test_a_turned_and_scaled_copy_of_the_teacher_is_as_good_as_the_teacher():
    rng = np.random.default_rng(0)
    teacher = rng.standard_normal((8, 5))
    turn, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    student = torch.from_numpy(3 * teacher @ turn)
    loss = distance_loss(student, torch.from_numpy(teacher), L2)
    assert loss.item() == pytest.approx(0, abs=1e-12)


def test_equal_embeddings_have_a_loss_and_a_gradient():
    student = torch.ones(4, 3, requires_grad=True)
    loss = distance_loss(student, torch.randn(4, 3), L2)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(student.grad).all()


class Mean(nn.Module):
    """Encoder of an image's mean and first pixel; records the shapes of its inputs."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))
        self.shapes = []

    def forward(self, images):
        self.shapes.append(tuple(images.shape))
        flat = self.gain * images.flatten(1)
        return torch.stack([flat.mean(1), flat[:, 0]], dim=1)


def distillation(width=8, height=8, metrics=L2, weight=2.0):
    spec = InputSpec(width=width, height=height, channels=1, aspect=Aspect.STRETCH)
    return Distillation(Mean(), spec, metrics, weight)


def test_a_teacher_is_shown_the_images_at_its_own_size_and_is_not_trained():
    teacher = distillation(width=6, height=4)
    images = torch.linspace(-1, 1, 3).reshape(3, 1, 1, 1).expand(3, 1, 8, 8)
    shown = teacher.embed(images)
    assert teacher.network.shapes == [(3, 1, 4, 6)]
    torch.testing.assert_close(shown[:, 0], torch.linspace(-1, 1, 3))
    assert not shown.requires_grad
    assert not any(p.requires_grad for p in teacher.network.parameters())
    assert not teacher.network.training


def test_the_weight_multiplies_the_loss():
    student, shown = torch.randn(5, 3), torch.randn(5, 2)
    expected = 2.5 * distance_loss(student, shown, L2)
    torch.testing.assert_close(distillation(weight=2.5).loss(student, shown), expected)


@pytest.mark.parametrize("metric", [Metric.HAMMING, Metric.NONE])
def test_what_has_no_distances_is_not_taught(metric):
    with pytest.raises(ConfigError, match="without --teacher"):
        distillation(metrics=(metric, Metric.L2))


def test_a_weight_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="teacher_weight"):
        synthetic.config(teacher_weight=0)
