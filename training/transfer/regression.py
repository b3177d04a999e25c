"""Regression on a teacher's embeddings of the same images.

    L = mean over the images of 1 - cos(A s, t - m)

s is the student's embedding of an image as it is augmented, t the teacher's of the image as it is,
m the mean of all t, and A a linear map that is trained with the student and dropped at the end (a
regressor as that of FitNets: Romero et al. 2015, here for the last layer, and by the cosine). So
the two may differ in dimension and in axes, and the student learns that light, framing and
sharpness change nothing. The cosine does not depend on the length of A s, so the loss is stable at
the rates that suit an encoder; with squared differences and a bias it diverged.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.manifest import Metric
from training.errors import ConfigError

_RIDGE = 1e-2
"""Share of the mean square that is added to each direction's in the first fit of A."""


class TargetRegression(nn.Module):
    """Teacher's term of the loss: a regression on embeddings that were computed before.

    Args:
        dim: Dimension of the student's embeddings.
        targets: The teacher's embedding of each training image, (images, dim of the teacher); NaN
            in rows of images that it did not embed, which are left out of the mean.
        metric: The student's.
        weight: Factor of the loss.

    Raises:
        ConfigError: The student's metric is not L2.
    """

    known: Tensor
    targets: Tensor

    def __init__(
        self, dim: int, targets: NDArray[np.float32], metric: Metric, weight: float
    ) -> None:
        super().__init__()
        if metric is not Metric.L2:
            raise ConfigError(
                f"a student of an adopted teacher needs the metric l2, not {metric}; train this "
                "config without --teacher"
            )
        known = np.isfinite(targets).all(axis=1)
        self.register_buffer("known", torch.from_numpy(known), persistent=False)
        centred = torch.from_numpy(np.nan_to_num(targets - targets[known].mean(axis=0)))
        self.register_buffer("targets", nn.functional.normalize(centred, dim=1), persistent=False)
        self.map = nn.Linear(dim, targets.shape[1], bias=False)
        self.weight = weight

    def begin(self, embeddings: Tensor) -> None:
        """Fit the map by least squares to a student's embeddings of all training images.

        Without that its first gradients, from a random map, undo part of an encoder's training.
        """
        student, targets = embeddings[self.known].double(), self.targets[self.known].double()
        products = student.t() @ student
        ridge = _RIDGE * products.diagonal().mean() * torch.eye(len(products)).to(products)
        solution = torch.linalg.solve(products + ridge, student.t() @ targets)
        with torch.no_grad():
            self.map.weight.copy_(solution.t())

    def loss(self, student: Tensor, rows: Tensor) -> Tensor:
        """Weighted loss of a batch: embeddings, (N, dim), of the training images `rows`, (N,)."""
        apart = 1 - nn.functional.cosine_similarity(self.map(student), self.targets[rows])
        known = self.known[rows]
        result: Tensor = self.weight * (apart * known).sum() / known.sum().clamp(min=1)
        return result
