"""Scenes with known answers: aligned pictures, each moved by a random similarity transform."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from training.locator.config import LocatorConfig
from training.locator.objective import Things
from training.locator.photography import photograph
from training.locator.placement import Draw, Placed

LAYERS = 3
"""Things or decoys in a scene, at most."""
_COUNTS = (0.15, 0.6, 0.15, 0.1)
"""Chances of no, one, two and three things in a scene."""
_DECOY = 0.4
"""Chance that a place without a thing gets a decoy: another picture, cut out and moved alike."""
_APART = (0.5, 0.25)
"""Smallest distance of something pasted from a thing below it, as shares of the sides of both."""


class Pictures:
    """Square pictures at their own and at halved sizes, from which any smaller size is sampled."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        whole = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)
        self._levels = [whole.contiguous()]
        while self._levels[-1].shape[-1] >= 2 * _SMALLEST:
            self._levels.append(_halved(self._levels[-1]))

    def __len__(self) -> int:
        return len(self._levels[0])

    def sample(self, rows: Tensor, side: Tensor, grid: Tensor) -> Tensor:
        """Sample pictures `rows`, (N,), shown with some sides, at positions: (N, 3, h, w)."""
        result = torch.empty(len(rows), 3, *grid.shape[1:3])
        sizes = torch.tensor([level.shape[-1] for level in self._levels])
        # The smallest size that is not below the side shown; the whole picture otherwise.
        level = ((sizes[None, :] >= 0.9 * side[:, None]).sum(dim=1) - 1).clamp(min=0)
        for index, pixels in enumerate(self._levels):
            chosen = torch.nonzero(level == index)[:, 0]
            if len(chosen):
                result[chosen] = torch.nn.functional.grid_sample(
                    pixels[rows[chosen]].float(),
                    grid[chosen],
                    padding_mode="border",
                    align_corners=False,
                )
        return result


_SMALLEST = 20


def _halved(pixels: Tensor) -> Tensor:
    parts = [
        torch.nn.functional.avg_pool2d(part.float(), 2).round().to(torch.uint8)
        for part in torch.split(pixels, 1024)
    ]
    return torch.cat(parts)


class Scenes:
    """Draws batches of scenes.

    Args:
        config: The training's.
        things: Aligned pictures, uint8 (n, source, source, 3).
        backgrounds: Pictures without a thing, likewise.
    """

    def __init__(
        self, config: LocatorConfig, things: NDArray[np.uint8], backgrounds: NDArray[np.uint8]
    ) -> None:
        self._config = config
        self._things, self._backgrounds = Pictures(things), Pictures(backgrounds)

    def draw(self, count: int, generator: Generator) -> tuple[Tensor, Things]:
        """Draw scenes, float32 (count, 3, canvas, canvas) in 0 … 255, and what is in them."""
        draw = Draw(count, generator)
        pixels = self._background(draw)
        wanted = torch.multinomial(
            torch.tensor(_COUNTS), count, replacement=True, generator=generator
        )
        layers: list[tuple[Placed, Tensor]] = []
        for index in range(LAYERS):
            placed = self._place(draw)
            is_thing = (wanted > index).float() * self._fits(placed, layers)
            is_decoy = (1 - is_thing) * draw.whether(_DECOY) * self._fits(placed, layers)
            pixels = self._paste(pixels, placed, is_thing, is_decoy, draw, is_lowest=index == 0)
            layers.append((placed, is_thing))
        things = Things(
            x=torch.stack([placed.x for placed, _ in layers], dim=1),
            y=torch.stack([placed.y for placed, _ in layers], dim=1),
            side=torch.stack([placed.side for placed, _ in layers], dim=1),
            turn=torch.stack([placed.turn for placed, _ in layers], dim=1),
            present=torch.stack([present for _, present in layers], dim=1),
        )
        return photograph(pixels, layers[0][0], draw), things

    def _background(self, draw: Draw) -> Tensor:
        canvas = self._config.canvas
        side = canvas * draw.between(0.8, 2.5)
        x, y = (canvas / 2 + draw.between(-0.4, 0.4) * canvas for _ in range(2))
        placed = Placed(x, y, side, draw.between(-math.pi, math.pi), draw.sign())
        rows = draw.below(len(self._backgrounds))
        return self._backgrounds.sample(rows, side, placed.positions(canvas))

    def _place(self, draw: Draw) -> Placed:
        canvas, (low, high) = self._config.canvas, self._config.sides
        side = draw.between(math.log(low), math.log(high)).exp()
        # At least the core is inside: a thing that is mostly cut off cannot be told from its parts.
        margin = torch.minimum(0.5 * self._config.core * side, torch.tensor(canvas * 0.5))
        margin = margin * draw.between(0.4, 1.0)
        x, y = (margin + draw.between(0, 1) * (canvas - 2 * margin) for _ in range(2))
        # Half of the turns are small: most pictures are taken upright.
        limit = math.radians(self._config.turn)
        turn = draw.between(-limit, limit) * torch.where(draw.whether(0.5) > 0, 1.0, 0.3)
        mirrored = draw.sign() if self._config.mirrored else torch.ones_like(x)
        return Placed(x, y, side, turn, mirrored)

    @staticmethod
    def _fits(placed: Placed, others: list[tuple[Placed, Tensor]]) -> Tensor:
        """1 where a square is apart from all others, (N,)."""
        free = torch.ones_like(placed.x)
        for other, present in others:
            distance = torch.hypot(placed.x - other.x, placed.y - other.y)
            near = distance < _APART[0] * placed.side + _APART[1] * other.side
            free = free * (1 - near.float() * present)
        return free

    def _paste(  # noqa: PLR0913 (one layer)
        self,
        pixels: Tensor,
        placed: Placed,
        is_thing: Tensor,
        is_decoy: Tensor,
        draw: Draw,
        *,
        is_lowest: bool,
    ) -> Tensor:
        """Lay a cut-out of a thing or a decoy over the scenes that have one."""
        rows, decoys = draw.below(len(self._things)), draw.below(len(self._backgrounds))
        light = draw.between(0.6, 1.3)[:, None, None, None]
        for pictures, which, where in (
            (self._things, rows, is_thing),
            (self._backgrounds, decoys, is_decoy),
        ):
            chosen = torch.nonzero(where)[:, 0]
            if not len(chosen):
                continue
            part = placed.take(chosen)
            grid = part.positions(self._config.canvas)
            shown = pictures.sample(which[chosen], part.side, grid) * light[chosen]
            share = self._cut_out(grid, draw.of(len(chosen)), is_lowest=is_lowest)[:, None]
            under = pixels[chosen]
            pasted = under + share * (shown - under)
            if pictures is self._things:
                pasted = self._occlude(pasted, grid, draw.of(len(chosen)))
            pixels[chosen] = pasted
        return pixels

    def _cut_out(self, grid: Tensor, draw: Draw, *, is_lowest: bool) -> Tensor:
        """Share of a pasted picture in each pixel, (N, canvas, canvas): a rectangle or an ellipse.

        Each edge lies between the core and the square's edge, or (of the lowest layer) far outside,
        where the picture's own edge goes on; so where a picture ends says little about where the
        thing is.
        """
        core = self._config.core
        whole = draw.whether(0.15) * is_lowest
        edges = [
            torch.where(draw.whether(0.3) > 0, torch.ones_like(whole), draw.between(core, 1.0))
            + 9 * torch.maximum(whole, draw.whether(0.08) * is_lowest)
            for _ in range(4)
        ]
        left, top, right, bottom = (edge[:, None, None] for edge in edges)
        x, y = grid.unbind(dim=3)
        soft = draw.between(0.01, 0.3)[:, None, None]
        inside = torch.minimum(
            torch.minimum(x + left, right - x), torch.minimum(y + top, bottom - y)
        )
        across = torch.where(x < 0, x / left, x / right)
        down = torch.where(y < 0, y / top, y / bottom)
        rounded = (1.1 - torch.hypot(across, down)) * torch.minimum(left, right)
        is_ellipse = draw.whether(0.35)[:, None, None] > 0
        return (torch.where(is_ellipse, rounded, inside) / soft + 0.5).clamp(0, 1)

    def _occlude(self, pixels: Tensor, grid: Tensor, draw: Draw) -> Tensor:
        """Cover a small part of some things by one colour."""
        core = self._config.core
        centre = torch.stack([draw.between(-core, core) for _ in range(2)], dim=1)
        size = core * torch.stack([draw.between(0.1, 0.5) for _ in range(2)], dim=1)
        size = size * draw.whether(0.25)[:, None]
        offset = (grid - centre[:, None, None]).abs()
        covered = (offset < size[:, None, None]).all(dim=3)[:, None]
        colour = torch.stack([draw.between(0, 255) for _ in range(3)], dim=1)
        return torch.where(covered, colour[:, :, None, None], pixels)
