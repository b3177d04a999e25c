import math

import pytest
import torch

from training.augmentation.warp import build

STILL = {"zoom": (1, 1), "shift": 0, "rotation": 0, "shear": 0, "stretch": 0, "elastic": 0}


def drawn(count=4, side=32):
    """Dark strokes on white, uint8, (count, side, side, 1)."""
    canvas = torch.full((count, side, side, 1), 255, dtype=torch.uint8)
    canvas[:, 8:24, 10:13] = 0
    canvas[:, 20:23, 10:26] = 0
    return canvas


def warped(canvas=None, size=(32, 32), seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return build(**options)(drawn() if canvas is None else canvas, size, generator)


def test_without_distortion_the_image_is_as_it_was():
    torch.testing.assert_close(
        warped(**STILL), drawn().permute(0, 3, 1, 2).float(), atol=0.1, rtol=0
    )


def test_the_result_has_the_networks_size_and_the_pixels_range():
    result = warped(size=(20, 24))
    assert result.shape == (4, 1, 20, 24)
    assert result.dtype == torch.float32
    assert result.min() >= 0
    assert result.max() <= 255


def test_a_seed_gives_the_same_distortion_and_each_image_its_own():
    torch.testing.assert_close(warped(seed=3), warped(seed=3))
    assert (warped(seed=3) - warped(seed=4)).abs().max() > 50
    result = warped(seed=3)
    assert (result[0] - result[1]).abs().max() > 50


@pytest.mark.parametrize("paper", [0, 255])
def test_what_lies_outside_the_canvas_is_paper(paper):
    canvas = torch.full((3, 16, 16, 1), 100, dtype=torch.uint8)
    result = warped(canvas, (16, 16), **(STILL | {"zoom": (2, 2), "paper": paper}))
    assert (result[:, :, 0] == paper).all()
    assert (result[:, :, 5:11, 5:11] - 100).abs().max() < 1e-3


def test_the_affine_map_is_turn_times_lean_times_stretch():
    generator = torch.Generator().manual_seed(5)
    warp = build(zoom=(0.9, 1.2), rotation=30, shear=0.5, stretch=0.3, shift=0.1)
    maps = warp._affine(50, generator)[:, :, :2].double()
    again = torch.Generator().manual_seed(5)
    unit = [torch.rand(50, generator=again).double() for _ in range(4)]
    zooms, turns, stretches, leans = (
        unit[0] * 0.3 + 0.9,
        math.radians(30) * (2 * unit[1] - 1),
        (0.6 * unit[2] - 0.3).exp(),
        0.5 * (2 * unit[3] - 1),
    )
    for got, zoom, turn, stretch, lean in zip(maps, zooms, turns, stretches, leans, strict=True):
        c, s = math.cos(turn), math.sin(turn)
        expected = (
            zoom
            * torch.tensor([[c, -s], [s, c]]).double()
            @ torch.tensor([[1.0, lean], [0.0, 1.0]]).double()
            @ torch.diag(torch.stack([stretch, 1 / stretch]))
        )
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


def test_no_image_is_ever_mirrored():
    maps = build(rotation=180, shear=1, stretch=1)._affine(500, torch.Generator().manual_seed(0))
    assert (torch.linalg.det(maps[:, :, :2]) > 0).all()


def test_an_elastic_field_is_smooth_and_has_the_spread_asked_for():
    warp = build(elastic=0.05, knots=5)
    field = warp._field(300, (33, 33), torch.Generator().manual_seed(0))
    at_knots = field[:, ::8, ::8]
    assert at_knots.std().item() == pytest.approx(2 * 0.05, rel=0.03)
    steps = (field[:, 1:] - field[:, :-1]).abs().max()
    assert steps < at_knots.abs().max() / 2


@pytest.mark.parametrize(
    "options", [{"zoom": (1.2, 0.8)}, {"zoom": (0, 1)}, {"shift": -1}, {"knots": 1}], ids=str
)
def test_distortions_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match=r"rising pair|at least 0|at least 2 knots"):
        build(**options)
