"""Hamming distance metric learning (Norouzi, Fleet, Salakhutdinov 2012): triplets of binary codes.

A code is h = sign(f), with f the network's activations. The triplet ranking loss of their
section 2,

    ℓ(h, h⁺, h⁻) = max(0, ‖h - h⁺‖_H - ‖h - h⁻‖_H + 1),

is 0 where an image's code is nearer to one of its own identity (h⁺) than to another's (h⁻); an
option sets a margin of more than one bit. As ℓ is a step function of the weights, the paper
minimises the piecewise smooth upper bound of its section 3:

    L(f, f⁺, f⁻) = max over g, g⁺, g⁻ of {ℓ(g, g⁺, g⁻) + g·f + g⁺·f⁺ + g⁻·f⁻}
                   - |f|₁ - |f⁺|₁ - |f⁻|₁

with the maximum over all 8^bits triples of codes (loss-augmented inference). A regulariser keeps
each bit's mean activation near 0, so that the bit is set for half of the images.

The bound is flat where the activations are saturated: once two identities share a saturated code
the gradient is zero and they stay together, as pairs of digits did in short trainings on MNIST. Two
options that are not the paper's help: a ranking loss of smoothed codes t = tanh f, whose distances
(bits - t·t') / 2 have a non-zero gradient everywhere,

    max(0, d(t, t⁺) - d(t, t⁻) + ρₛ bits),

and the nearest impostor in place of a random one.
"""

import torch
from torch import Tensor, nn


def upper_bound(anchors: Tensor, genuine: Tensor, impostors: Tensor, margin: float = 1.0) -> Tensor:
    """Bound L of each triplet, by exact inference.

    ℓ depends on the codes only through m, the number of bits that differ from h⁺ alone minus the
    number that differ from h⁻ alone. The hinge max(0, m + ρ) is the larger of two functions linear
    in m, so the maximum is the larger of two maxima, each of which separates into the bits: linear
    time, where the paper's search for any ranking loss is quadratic. Where 0 is the larger, the
    best codes are the signs and L is 0.

    The activations f, f⁺ and f⁻ of a triplet's images are each float, (triplets, bits); the margin
    ρ is in bits, 1 in the paper.

    Returns:
        (triplets,), at least 0 and at least ℓ of the triplet's own codes.
    """
    unmoved = anchors.abs() + genuine.abs() + impostors.abs()
    # Best score of a bit if g differs from g⁺ alone (m rises by 1), from g⁻ alone (m falls by 1),
    # or from both or neither; the bit itself is free, hence the magnitudes.
    from_genuine = (anchors - genuine + impostors).abs() + 1
    from_impostor = (anchors + genuine - impostors).abs() - 1
    alike = torch.maximum(
        (anchors + genuine + impostors).abs(), (anchors - genuine - impostors).abs()
    )
    augmented = torch.maximum(torch.maximum(from_genuine, from_impostor), alike)
    return (margin + (augmented - unmoved).sum(dim=1)).clamp(min=0)


class HdmlLoss(nn.Module):
    """The bound over triplets of a batch, and the regulariser of mean activations.

    Each ordered genuine pair of the batch is an anchor and its h⁺. Its h⁻ is drawn from the images
    of other identities, `impostors` times, or is the nearest of them (Hermans, Beyer, Leibe 2017),
    once.

    Args:
        balance: Weight λ of the regulariser λ/2 ‖mean f‖², at least 0.
        impostors: Triplets of each genuine pair, at least 1.
        margin: ρ, in bits, positive.
        smooth: Weight of the ranking loss of smoothed codes, at least 0; 0 is the paper's loss.
        smooth_margin: ρₛ, as a share of the bits, so that it fits codes of any length; above 0,
            and at most 1.
        nearest: Take as h⁻ the image of another identity whose smoothed code is nearest.

    Raises:
        ValueError: A weight, number or margin that is too small.
    """

    def __init__(  # noqa: PLR0913 (the terms of a loss, each with its weight)
        self,
        *,
        balance: float = 0.1,
        impostors: int = 1,
        margin: float = 1.0,
        smooth: float = 0.0,
        smooth_margin: float = 0.25,
        nearest: bool = False,
    ) -> None:
        super().__init__()
        if not (balance >= 0 and smooth >= 0 and impostors >= 1):
            raise ValueError("balance and smooth must be at least 0, and impostors at least 1")
        if not (margin > 0 and 0 < smooth_margin <= 1):
            raise ValueError(
                "margins must be positive, and smooth_margin is a share of the bits, at most 1"
            )
        self.balance, self.impostors, self.margin = balance, impostors, margin
        self.smooth, self.smooth_margin, self.nearest = smooth, smooth_margin, nearest

    def forward(self, activations: Tensor, identities: Tensor) -> Tensor:
        """Mean loss of a batch: activations (N, bits) and identities (N,) to a scalar.

        For a batch without triplets it is the regulariser alone.
        """
        regulariser = self.balance / 2 * activations.mean(dim=0).square().sum()
        anchor, genuine, impostor = triplets(identities, self.impostors)
        if len(anchor) == 0:
            return regulariser
        if self.nearest:
            impostor = nearest_impostors(activations, identities)[anchor]
        bound = upper_bound(
            activations[anchor], activations[genuine], activations[impostor], self.margin
        )
        loss = bound.mean() + regulariser
        if self.smooth > 0:
            in_bits = self.smooth_margin * activations.shape[1]
            ranked = smooth_ranking(activations, anchor, genuine, impostor, in_bits)
            loss = loss + self.smooth * ranked.mean()
        return loss


def smooth_distances(activations: Tensor) -> Tensor:
    """Distances of smoothed codes, in bits: (N, bits) to (N, N)."""
    smoothed = activations.tanh()
    distances: Tensor = (smoothed.shape[1] - smoothed @ smoothed.T) / 2
    return distances


def nearest_impostors(activations: Tensor, identities: Tensor) -> Tensor:
    """Nearest image of another identity for each image of a batch: indices, (N,)."""
    same = identities[:, None] == identities[None, :]
    return smooth_distances(activations.detach()).masked_fill(same, torch.inf).argmin(dim=1)


def smooth_ranking(
    activations: Tensor, anchor: Tensor, genuine: Tensor, impostor: Tensor, margin: float
) -> Tensor:
    """Ranking loss of smoothed codes with a margin of ρₛ bits, (triplets,).

    The activations are (N, bits); a triplet is three indices of them, each (triplets,).
    """
    distances = smooth_distances(activations)
    return (distances[anchor, genuine] - distances[anchor, impostor] + margin).clamp(min=0)


def triplets(identities: Tensor, impostors: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw `impostors` triplets of each ordered genuine pair, from torch's global generator.

    Returns:
        Indices of anchors, genuine and impostor images, each (triplets,).
    """
    same = identities[:, None] == identities[None, :]
    if same.all():
        return (identities.new_empty(0, dtype=torch.int64),) * 3
    anchor, genuine = (same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)).nonzero(
        as_tuple=True
    )
    anchor, genuine = anchor.repeat(impostors), genuine.repeat(impostors)
    # The r-th of a row's other identities, r uniform: a stable sort puts these first.
    others = same.to(torch.int8).argsort(dim=1, stable=True)
    count = (~same).sum(dim=1)[anchor]
    rank = (torch.rand(len(anchor), device=count.device) * count).long().clamp(max=count - 1)
    return anchor, genuine, others[anchor, rank]


build = HdmlLoss
