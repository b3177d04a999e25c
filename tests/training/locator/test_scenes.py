import numpy as np
import pytest
import torch

from tests.training.locator import signs
from training.locator.backgrounds import make_backgrounds
from training.locator.scenes import Scenes

PLACES = [(0.0, 0.0), (0.4, 0.0), (0.0, -0.4)]


def offsets(across, down, *, mirrored):
    """Distance of a spot from where its label says, in sides: of scenes with one thing."""
    config = signs.TINY.model_copy(update={"mirrored": mirrored, "turn": 45.0})
    pictures = np.repeat(signs.spot(across, down)[np.newaxis], 4, axis=0)
    scenes = Scenes(config, pictures, np.zeros_like(pictures))
    pixels, things = scenes.draw(256, torch.Generator().manual_seed(3))
    found = []
    for row in torch.nonzero(things.present.sum(dim=1) == 1)[:, 0].tolist():
        which = int(things.present[row].argmax())
        x, y, side, turn = (
            float(each[row, which]) for each in (things.x, things.y, things.side, things.turn)
        )
        u, v = side / 2 * np.cos(turn), side / 2 * np.sin(turn)
        wanted = np.array([x + across * u - down * v, y + across * v + down * u])
        bright = pixels[row].mean(dim=0).numpy()
        bright = bright > (bright.max() + np.median(bright)) / 2
        rows, columns = np.nonzero(bright)
        if len(rows):
            centre = np.array([columns.mean(), rows.mean()]) + 0.5
            found.append(np.linalg.norm(centre - wanted) / side)
    return np.array(found)


@pytest.mark.parametrize("place", PLACES)
def test_a_marker_lies_where_the_label_says(place):
    # The others are covered, cut off, or lie below noise.
    found = offsets(*place, mirrored=False)
    assert len(found) > 50
    assert np.quantile(found, 0.6) < 0.04


def test_a_mirrored_thing_has_the_label_of_its_square():
    found = offsets(0.0, -0.4, mirrored=True)
    assert np.quantile(found, 0.6) < 0.04
    found = offsets(0.4, 0.0, mirrored=True)  # To the left in half of the scenes.
    assert 0.3 < (found < 0.06).mean() < 0.7


def test_scenes_of_a_seed_are_the_same_again():
    pictures = np.stack([signs.sign(k) for k in range(4)])
    backgrounds = make_backgrounds(pictures, 0.7, 16, 1)
    assert np.array_equal(backgrounds, make_backgrounds(pictures, 0.7, 16, 1))
    scenes = Scenes(signs.TINY, pictures, backgrounds)
    first, second = (scenes.draw(4, torch.Generator().manual_seed(9))[0] for _ in range(2))
    assert torch.equal(first, second)
    assert first.min() >= 0
    assert first.max() <= 255


def test_things_of_a_scene_do_not_cover_each_other():
    pictures = np.stack([signs.sign(k) for k in range(4)])
    scenes = Scenes(signs.TINY, pictures, np.zeros_like(pictures))
    _, things = scenes.draw(256, torch.Generator().manual_seed(1))
    several = torch.nonzero(things.present.sum(dim=1) > 1)[:, 0]
    assert len(several) > 5
    for row in several.tolist():
        kept = things.present[row] > 0
        places = torch.stack([things.x[row][kept], things.y[row][kept]], dim=1)
        apart = torch.cdist(places, places)
        least = 0.25 * things.side[row][kept].max()
        assert (apart + 1e3 * torch.eye(len(places)) > least).all()
