"""Similarities to many images, which a student learns from a teacher's embeddings of them.

    L = mean over the images of KL(p || q)
    p_j = softmax over j of  t · b_j / 0.03
    q_j = softmax over j of  s · B b_j / 0.1

This is the self-supervised distillation of Fang et al. 2021 (SEED, equations 3 to 6), whose queue
is here the teacher's embeddings b_j of all training images. s is the student's embedding of an
image as it is augmented, of length 1, and t the teacher's of the image as it is. So the student
learns to be near what the teacher is near, and that light, framing and sharpness change nothing. B
turns the teacher's axes to those of the student, as near as they can be (orthogonal Procrustes:
Schönemann 1966), and is not trained: what is served is what learns.

The teacher's embeddings are whitened in part by their covariance over the training images, and
brought to length 1. Their mean, which all share, says nothing of a similarity.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.manifest import Metric
from training.errors import ConfigError

_TEACHER, _STUDENT = 0.03, 0.1
"""Temperatures of the softmaxes: the smaller, the more the nearest images count."""
_SHRINKAGE = 0.3
"""Share of the mean variance that is added to each direction's before whitening."""


class TaughtSimilarities(nn.Module):
    """Teacher's term of the loss: similarities by embeddings that were computed before.

    Args:
        dim: Dimension of the student's embeddings.
        targets: The teacher's embedding of each training image, and of mixtures after them,
            (images + mixtures, dim of the teacher); NaN in rows of images that it did not embed.
        images: Number of the first targets that are of images: similarities are to these.
        metric: The student's.
        weight: Factor of the loss.

    Raises:
        ConfigError: The student's metric is not L2.
    """

    known: Tensor
    targets: Tensor
    bank: Tensor
    turn: Tensor

    def __init__(
        self, dim: int, targets: NDArray[np.float32], images: int, metric: Metric, weight: float
    ) -> None:
        super().__init__()
        if metric is not Metric.L2:
            raise ConfigError(
                f"a student of an adopted teacher needs the metric l2, not {metric}; train this "
                "config without --teacher"
            )
        known: NDArray[np.bool_] = np.asarray(np.isfinite(targets).all(axis=1))
        whitened = torch.from_numpy(_whitened(targets, known, images))
        self.register_buffer("known", torch.from_numpy(known), persistent=False)
        self.register_buffer("targets", whitened, persistent=False)
        self.register_buffer("bank", whitened[:images][known[:images]], persistent=False)
        # With random weights any axes are as near as others.
        self.register_buffer("turn", torch.eye(targets.shape[1], dim))
        self.weight = weight

    def begin(self, embeddings: Tensor) -> None:
        """Turn the teacher's axes to a student's embeddings of all training images, (images, dim).

        Without that a student that begins with trained weights would have to turn its own.
        """
        known = self.known[: len(embeddings)]
        student = embeddings[known].double()
        products = self.bank.double().t() @ (student - student.mean(dim=0))
        left, _, right = torch.linalg.svd(products, full_matrices=False)
        self.turn.copy_(left @ right)

    def loss(self, student: Tensor, rows: Tensor) -> Tensor:
        """Weighted loss of a batch: embeddings, (N, dim), of images and mixtures `rows`, (N,)."""
        wanted = torch.softmax(self.targets[rows] @ self.bank.t() / _TEACHER, dim=1)
        turned = nn.functional.normalize(self.bank @ self.turn, dim=1)
        cosines = nn.functional.normalize(student, dim=1) @ turned.t()
        found = torch.log_softmax(cosines / _STUDENT, dim=1)
        apart = nn.functional.kl_div(found, wanted, reduction="none").sum(dim=1)
        known = self.known[rows]
        result: Tensor = self.weight * (apart * known).sum() / known.sum().clamp(min=1)
        return result


def _whitened(
    targets: NDArray[np.float32], known: NDArray[np.bool_], images: int
) -> NDArray[np.float32]:
    """Whiten by the covariance over the known images; rows of length 1, 0 where not known."""
    sample = targets[:images][known[:images]].astype(np.float64)
    mean, covariance = sample.mean(axis=0), np.atleast_2d(np.cov(sample.T))
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, axes = np.linalg.eigh(covariance)
    matrix = (axes / np.sqrt(values)) @ axes.T
    whitened = np.nan_to_num((targets - mean) @ matrix)
    lengths = np.linalg.norm(whitened, axis=1, keepdims=True)
    result: NDArray[np.float32] = (whitened / np.maximum(lengths, 1e-12)).astype(np.float32)
    return result
