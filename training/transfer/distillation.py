"""Relational knowledge distillation (Park, Kim, Lu, Cho 2019, section 3.2.1, distance-wise).

    L = Σ_{i<j} h( d(t_i, t_j) / μ_t − d(s_i, s_j) / μ_s )

over the pairs of a batch, as their mean: t the teacher's embeddings and s the student's, d the
energy of a pair, μ the mean energy of the batch, and h the Huber loss (x² / 2 up to 1, and |x| − ½
beyond). The student learns the proportions of the distances: the two embeddings may differ in
dimension, scale and metric, and nothing but the student is trained.
"""

import torch
from torch import Tensor, nn

from model.manifest import InputSpec, Metric
from training.errors import ConfigError

_NORMS = {Metric.L1: 1.0, Metric.L2: 2.0}
_MIN_MEAN = 1e-12
"""Prevents a division by 0 where all embeddings of a batch are equal."""


def distance_loss(student: Tensor, teacher: Tensor, metrics: tuple[Metric, Metric]) -> Tensor:
    """Distance-wise distillation loss of a batch; 0 where all distances are in proportion.

    The embeddings are float, (N, dim of each); gradients flow back to the student's. The metrics
    are the student's and the teacher's.
    """
    student_metric, teacher_metric = metrics
    return nn.functional.huber_loss(
        _relative_energies(student, student_metric), _relative_energies(teacher, teacher_metric)
    )


def _relative_energies(embeddings: Tensor, metric: Metric) -> Tensor:
    """Energy of each pair, divided by the mean energy: (pairs,)."""
    energies = torch.pdist(embeddings, _NORMS[metric])
    return energies / energies.mean().clamp(min=_MIN_MEAN)


class Distillation(nn.Module):
    """Teacher's term of the loss: distance losses between a student and a frozen encoder.

    Raises:
        ConfigError: Student or teacher has a metric other than L1 and L2.
    """

    def __init__(
        self, teacher: nn.Module, spec: InputSpec, metrics: tuple[Metric, Metric], weight: float
    ) -> None:
        super().__init__()
        if unsupported := [metric for metric in metrics if metric not in _NORMS]:
            raise ConfigError(
                f"a teacher needs the metric l1 or l2, not {unsupported[0]}; train this config "
                "without --teacher"
            )
        self.network = teacher.eval().requires_grad_(requires_grad=False)
        self.size = (spec.height, spec.width)
        self.metrics, self.weight = metrics, weight

    def embed(self, images: Tensor) -> Tensor:
        """Embed a batch of the student's augmented input, (N, C, H, W), without gradients.

        The images, float in −1 … 1, are resized where the teacher's input has another size.
        """
        if images.shape[2:] != self.size:
            images = nn.functional.interpolate(
                images, self.size, mode="bilinear", align_corners=False, antialias=True
            )
        with torch.no_grad():
            embeddings: Tensor = self.network(images)
        return embeddings

    def loss(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Weighted distance loss of a batch: a scalar. See `distance_loss`."""
        return self.weight * distance_loss(student, teacher.float(), self.metrics)
