"""Relational knowledge distillation (Park, Kim, Lu, Cho 2019, section 3.2.1, distance-wise).

    L = Σ_{i<j} h( d(t_i, t_j) / μ_t − d(s_i, s_j) / μ_s )

over the pairs of a batch, as their mean: t the teacher's embeddings and s the student's, d the
energy of each, μ the mean of its own over the batch, and h the Huber loss (x² / 2 up to 1, and
|x| − ½ beyond). What the student takes over is which images lie how far apart, in proportion: the
two embeddings may differ in dimension, scale and metric, and nothing is learnt beside the student.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.manifest import InputSpec, Metric
from training.errors import ConfigError

_NORMS = {Metric.L1: 1.0, Metric.L2: 2.0}
_SMALLEST = 1e-12
"""Keeps a batch of equal embeddings from a division by 0."""


def distance_loss(student: Tensor, teacher: Tensor, metrics: tuple[Metric, Metric]) -> Tensor:
    """How differently two encoders place the images of a batch.

    Args:
        student: Its embeddings, float, (N, dim); gradients flow back.
        teacher: Of the same images, float, (N, dim of the teacher).
        metrics: The student's and the teacher's.

    Returns:
        A scalar; 0 where all distances are in the same proportions.
    """
    of_student, of_teacher = (
        _proportions(embeddings, metric)
        for embeddings, metric in zip((student, teacher), metrics, strict=True)
    )
    return nn.functional.huber_loss(of_student, of_teacher)


def _proportions(embeddings: Tensor, metric: Metric) -> Tensor:
    """The energy of each pair, as a multiple of their mean: (pairs,)."""
    energies = torch.pdist(embeddings, _NORMS[metric])
    return energies / energies.mean().clamp(min=_SMALLEST)


class Distillation:
    """What a teacher adds to the loss of each batch.

    Args:
        teacher: A trained encoder; it is not trained on.
        spec: Its input.
        metrics: The student's and the teacher's.
        weight: What the distance loss is multiplied by.

    Raises:
        ConfigError: The student makes no embeddings that an L1 or L2 energy compares.
    """

    def __init__(
        self, teacher: nn.Module, spec: InputSpec, metrics: tuple[Metric, Metric], weight: float
    ) -> None:
        if unfit := [metric for metric in metrics if metric not in _NORMS]:
            raise ConfigError(
                f"a teacher shows how far apart embeddings lie by l1 or l2, and not by {unfit[0]}; "
                "train this config without --teacher"
            )
        self.network = teacher.eval().requires_grad_(requires_grad=False)
        self.size = (spec.height, spec.width)
        self.metrics, self.weight = metrics, weight

    def to(self, device: torch.device) -> Distillation:
        """Move the teacher to a device; returns this."""
        self.network.to(device)
        return self

    def shown(self, images: Tensor) -> Tensor:
        """What the teacher makes of a batch.

        Args:
            images: As the student sees them, augmented: float, (N, C, H, W), in −1 … 1. They are
                resized where the teacher's input is of another size.

        Returns:
            (N, dim of the teacher), without gradients.
        """
        if images.shape[2:] != self.size:
            images = nn.functional.interpolate(
                images, self.size, mode="bilinear", align_corners=False, antialias=True
            )
        with torch.no_grad():
            embeddings: Tensor = self.network(images)
        return embeddings

    def loss(self, student: Tensor, shown: Tensor) -> Tensor:
        """The weighted loss of a batch: a scalar. See `distance_loss`."""
        return self.weight * distance_loss(student, shown.float(), self.metrics)
