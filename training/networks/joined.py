"""Several encoders side by side: their embeddings are one embedding.

Networks that were trained apart err in different places, and the squared distance of their joined
embeddings is the mean of their squared distances: an ensemble (Hansen, Salamon 1990) as one graph.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from model.manifest import InputSpec
from training import registry
from training.registry import Component, Part


class JoinedEncoder(nn.Module):
    """Encoders whose embeddings, each of length 1, are put side by side and scaled to length 1.

    Args:
        members: Encoders of the same input, with an attribute `dim`.
    """

    def __init__(self, members: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.dim = sum(cast("int", member.dim) for member in members)

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, channels, height, width) to (N, dim), each row of length 1."""
        embeddings = [member(images) for member in self.members]
        return nn.functional.normalize(torch.cat(embeddings, dim=1), dim=1)


def build(spec: InputSpec, *, members: list[dict[str, Any]]) -> JoinedEncoder:
    """Build the network `joined`.

    Args:
        spec: The bundle's input, which all members see.
        members: Each member's `name` and `options`, as those of a config's network; options alone
            are those of `residual`.

    Raises:
        ConfigError: There is no such network, or it cannot be built.
        ValueError: No member.
    """
    if not members:
        raise ValueError("a joined network needs members")
    components = [_component(each) for each in members]
    return JoinedEncoder([registry.build(Part.NETWORK, each, spec=spec) for each in components])


def _component(member: dict[str, Any]) -> Component:
    """Read a member; before networks of other kinds were joined, runs named the options alone."""
    if member.keys() == {"name", "options"}:
        return Component(**member)
    return Component(name="residual", options=member)
