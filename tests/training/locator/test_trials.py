import math

import numpy as np
import pytest

from model.locating.squares import Located
from tests.training.locator import signs
from training.locator import trials
from training.locator.named import load_locator_config
from training.locator.trials import Findings


@pytest.mark.parametrize("turn", [0.0, 0.6])
@pytest.mark.parametrize("half", [30.0, 150.0])
def test_a_picture_lies_in_its_square(turn, half):
    square = Located(1.0, 300.0, 200.0, half * math.cos(turn), half * math.sin(turn))
    black = np.zeros((64, 64, 3), np.uint8)
    for across, down in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5)):
        picture = trials.compose(signs.spot(across, down, 64), black, square)
        bright = np.asarray(picture).mean(axis=2) > 128
        rows, columns = np.nonzero(bright)
        x, y = square.at((0.5 + across / 2, 0.5 + down / 2))
        assert abs(columns.mean() + 0.5 - x) < 0.03 * half
        assert abs(rows.mean() + 0.5 - y) < 0.03 * half


@pytest.mark.parametrize("shares", [(0.1, 1.0), (0.5, 0.8)])
def test_things_of_photographs_have_the_stated_sizes_and_turns(shares):
    pictures = np.full((200, 16, 16, 3), 255, np.uint8)
    config = load_locator_config("face_locator").model_copy(update={"turn": 20.0})
    made = list(trials.photographs(pictures, pictures[:1] // 2, config, 3, shares))
    sides = np.array([2 * trial.thing.half_side / trials.SIZE[1] for trial in made])
    turns = [math.degrees(math.atan2(trial.thing.v, trial.thing.u)) for trial in made]
    assert (sides.min(), sides.max()) == pytest.approx(shares, rel=0.05)
    assert (min(turns), max(turns)) == pytest.approx((-20, 20), abs=1)
    assert np.median(sides) == pytest.approx(math.sqrt(math.prod(shares)), rel=0.2)


def test_errors_are_in_shares_of_the_side_and_degrees():
    thing = Located(1.0, 100.0, 50.0, 40.0, 0.0)
    turned = 44 * math.cos(math.pi / 6), 44 * math.sin(math.pi / 6)
    centre, side, turn = trials.errors_of(Located(0.9, 108.0, 44.0, *turned), thing)
    assert centre == pytest.approx(10 / 80)
    assert side == pytest.approx(math.log(1.1))
    assert turn == pytest.approx(30)
    across = Located(1.0, 0.0, 0.0, -40.0, 1e-6), Located(1.0, 0.0, 0.0, -40.0, -1e-6)
    assert trials.errors_of(*across)[2] == pytest.approx(0, abs=1e-4)


def test_a_thing_is_acquired_where_it_alone_is_located():
    rows = np.array([[0.9, 0.1, 0.02], [0.9, 0.6, 0.02], [0.9, 0.0, 0.5], [0.3, 0.0, 0.02]])
    found = Findings(*rows.T, np.zeros(4), np.zeros(4))
    assert found.acquired(0.5) == 0.25
    assert found.acquired(0.2) == 0.5
    assert found.found(0.5) == 0.75
