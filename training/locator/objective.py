"""Targets of the locator's maps, and its loss."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.locator.network import STRIDE, UNIT

_NEAR = 1.5
"""Cells from the centre, each way, within which a square is learnt."""
_HALF = 0.5
"""Half a cell."""
_SPREAD = 0.06
"""Standard deviation of the heat around a centre, as a share of the square's side."""
_WEIGHTS = (6.0, 2.0, 2.0)
"""Weights of centre (shares of the side), side (logarithm) and turn (cosine and sine)."""


@dataclass(frozen=True)
class Things:
    """The things of some scenes, float32 (N, things), in pixels; absent ones have no weight.

    Attributes:
        x, y: Centre of the square.
        side: Side of the square.
        turn: Turn of its right edge's middle from the horizontal, in radians, clockwise as seen.
        present: 1 where the thing is in the scene, otherwise 0.
    """

    x: Tensor
    y: Tensor
    side: Tensor
    turn: Tensor
    present: Tensor


def heat_of(things: Things, rows: int, columns: int) -> Tensor:
    """The heat of each thing at each cell, (N, things, rows, columns); 1 in the centre's cell."""
    across, down = _distances(things, rows, columns)
    spread = (_SPREAD * things.side / STRIDE).clamp(0.6, 2.0)[..., None, None]
    heat = torch.exp(-(across.square() + down.square()) / (2 * spread.square()))
    heat = torch.where((across.abs() <= _HALF) & (down.abs() <= _HALF), torch.ones_like(heat), heat)
    return heat * things.present[..., None, None]


def loss_of(maps: Tensor, things: Things) -> Tensor:
    """The loss of maps (N, 6, h, w): focal for the centres, absolute for the squares.

    The focal loss with reduced weight near a centre is that of Law and Deng 2018, equation 1, with
    alpha 2 and beta 4.
    """
    rows, columns = maps.shape[2:]
    heats = heat_of(things, rows, columns)
    heat = heats.amax(dim=1)
    score = maps[:, 0].float()
    right = torch.nn.functional.logsigmoid(score)
    wrong = torch.nn.functional.logsigmoid(-score)
    chance = score.sigmoid()
    is_centre = (heat == 1).float()
    found = is_centre * (1 - chance).square() * right
    false = (1 - is_centre) * (1 - heat).pow(4) * chance.square() * wrong
    centres = is_centre.sum().clamp(min=1)
    return -(found.sum() + false.sum()) / centres + _squares_loss(maps, things, heats)


def _squares_loss(maps: Tensor, things: Things, heats: Tensor) -> Tensor:
    """Mean weighted error of the squares at the cells near their centres."""
    across, down = _distances(things, *maps.shape[2:])
    near = ((across.abs() <= _NEAR) & (down.abs() <= _NEAR)).float() * (0.2 + 0.8 * heats)
    near = near * things.present[..., None, None]
    given = maps.float()[:, None]  # (N, 1, 6, h, w)
    side = things.side[..., None, None]
    turn = things.turn[..., None, None]
    centre = ((given[:, :, 1] + across).abs() + (given[:, :, 2] + down).abs()) * STRIDE / side
    size = (given[:, :, 3] - torch.log(side / UNIT)).abs()
    angle = (given[:, :, 4] - turn.cos()).abs() + (given[:, :, 5] - turn.sin()).abs()
    error = _WEIGHTS[0] * centre + _WEIGHTS[1] * size + _WEIGHTS[2] * angle
    return (near * error).sum() / near.sum().clamp(min=1)


def _distances(things: Things, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Distance of each cell's centre from each thing's, in cells: (N, things, rows or 1, …)."""
    x = torch.arange(columns, device=things.x.device) + 0.5
    y = torch.arange(rows, device=things.x.device) + 0.5
    across = x[None, None, None, :] - things.x[..., None, None] / STRIDE
    down = y[None, None, :, None] - things.y[..., None, None] / STRIDE
    return across.expand(-1, -1, rows, -1), down.expand(-1, -1, -1, columns)
