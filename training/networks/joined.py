"""Several residual encoders side by side: their embeddings are one embedding.

Networks that were trained apart err in different places, and the squared distance of their joined
embeddings is the mean of their squared distances: an ensemble (Hansen, Salamon 1990) as one graph.
"""

from typing import Any

import torch
from torch import Tensor, nn

from model.manifest import InputSpec
from training.networks import residual


class JoinedEncoder(nn.Module):
    """Encoders whose embeddings, each of length 1, are put side by side and scaled to length 1.

    Args:
        members: Encoders of the same input, with an attribute `dim`.
    """

    def __init__(self, members: list[residual.ResidualEncoder]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.dim = sum(member.dim for member in members)

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, channels, height, width) to (N, dim), each row of length 1."""
        embeddings = [member(images) for member in self.members]
        return nn.functional.normalize(torch.cat(embeddings, dim=1), dim=1)


def build(spec: InputSpec, *, members: list[dict[str, Any]]) -> JoinedEncoder:
    """Build the network `joined`.

    Args:
        spec: The bundle's input, which all members see.
        members: Options of each member, a network `residual`.

    Raises:
        ValueError: No member, or options that `residual` refuses.
    """
    if not members:
        raise ValueError("a joined network needs members")
    return JoinedEncoder([residual.build(spec, **options) for options in members])
