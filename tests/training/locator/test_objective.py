import numpy as np
import torch

from training.locator.network import squares
from training.locator.objective import Things, heat_of, loss_of


def things(x, y, side, turn):
    values = (torch.tensor([[value]]) for value in (x, y, side, turn, 1.0))
    return Things(*values)


def maps_of(thing, rows, columns):
    """The maps of a network that knows the thing: written from the definition, cell by cell."""
    maps = np.full((6, rows, columns), -12.0)
    x, y, side, turn = (float(each[0, 0]) for each in (thing.x, thing.y, thing.side, thing.turn))
    for row in range(rows):
        for column in range(columns):
            maps[1:, row, column] = [
                x / 8 - column - 0.5,
                y / 8 - row - 0.5,
                np.log(side / 64),
                np.cos(turn),
                np.sin(turn),
            ]
    maps[0, int(y // 8), int(x // 8)] = 12
    return torch.tensor(maps[np.newaxis], dtype=torch.float32)


def test_the_square_of_a_cell_is_the_one_that_was_learnt():
    thing = things(37.0, 22.0, 40.0, 0.5)
    maps = maps_of(thing, 6, 8)
    found = squares(maps)[0]
    best = found[:, (22 // 8), (37 // 8)].numpy()
    expected = [1, 37, 22, 20 * np.cos(0.5), 20 * np.sin(0.5)]
    np.testing.assert_allclose(best, expected, atol=1e-4)
    # Every cell points at the same square.
    np.testing.assert_allclose(found[1].numpy(), 37, atol=1e-3)
    np.testing.assert_allclose(found[2].numpy(), 22, atol=1e-3)


def test_the_loss_of_right_maps_is_next_to_nothing_and_grows_with_each_error():
    thing = things(37.0, 22.0, 40.0, 0.5)
    right = maps_of(thing, 6, 8)
    least = float(loss_of(right, thing))
    assert least < 1e-3
    for output in range(1, 6):
        wrong = right.clone()
        wrong[:, output] += 0.3
        assert float(loss_of(wrong, thing)) > least + 0.1
    missed, false = right.clone(), right.clone()
    missed[:, 0, 2, 4] = -12
    false[:, 0, 5, 0] = 12
    assert float(loss_of(missed, thing)) > least + 1
    assert float(loss_of(false, thing)) > least + 1


def test_an_absent_thing_has_no_heat():
    thing = things(37.0, 22.0, 40.0, 0.5)
    absent = Things(thing.x, thing.y, thing.side, thing.turn, torch.zeros(1, 1))
    assert float(heat_of(absent, 6, 8).max()) == 0
    heat = heat_of(thing, 6, 8)[0, 0]
    assert int((heat == 1).sum()) == 1
    assert float(heat[2, 4]) == 1
