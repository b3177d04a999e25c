import numpy as np
import pytest
import torch

from tests.training.synthetic import pattern
from training.augmentation.jitter import _grid, build

IDENTITY = {
    "zoom": (1, 1),
    "shift": 0,
    "rotation": 0,
    "stretch": 0,
    "mirror": 0,
    "grey": 0,
    "saturation": (1, 1),
    "contrast": (1, 1),
    "brightness": 0,
    "erase": 0,
}
SIZE = (24, 24)
COLOUR = torch.from_numpy(
    np.stack([np.stack([pattern(i, k) for k in range(3)], axis=-1) for i in range(8)])
)


def jitter(canvas=COLOUR, size=SIZE, seed=0, **options):
    return build(**options)(canvas, size, torch.Generator().manual_seed(seed))


def as_is(canvas=COLOUR):
    return canvas.permute(0, 3, 1, 2).float()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(24, 24), (16, 20), (40, 12)])
def test_images_come_out_in_the_inputs_size_and_the_pixels_range(channels, size):
    varied = jitter(COLOUR[..., :channels], size, erase=0.5)
    assert (varied.shape, varied.dtype) == ((8, channels, *size), torch.float32)
    assert torch.isfinite(varied).all()
    assert varied.min() >= 0
    assert varied.max() <= 255


def test_settings_that_vary_nothing_change_nothing():
    torch.testing.assert_close(jitter(**IDENTITY), as_is(), atol=0.01, rtol=0)


def test_a_mirror_alone_mirrors_left_to_right():
    mirrored = jitter(**IDENTITY | {"mirror": 1})
    torch.testing.assert_close(mirrored, as_is().flip(3), atol=0.01, rtol=0)


def test_a_half_mirrors_about_half():
    many = COLOUR[:1].expand(400, -1, -1, -1)
    mirrored = jitter(many, **IDENTITY | {"mirror": 0.5})
    share = ((mirrored - as_is(many)).abs().amax(dim=(1, 2, 3)) > 1).float().mean()
    assert 0.4 < share < 0.6


def test_a_zoom_shows_the_middle():
    y, x = torch.meshgrid(torch.arange(24.0), torch.arange(24.0), indexing="ij")
    ramp = torch.stack([8 * x, 8 * y, x + y], dim=-1)[None].to(torch.uint8)
    shown = jitter(ramp, **IDENTITY | {"zoom": (0.5, 0.5)})[0, 0, 12]
    # The middle half of 0 … 23 in 24 steps of a half, from 5.75 to 17.25, eight levels a pixel.
    torch.testing.assert_close(shown, 8 * torch.linspace(5.75, 17.25, 24), atol=0.05, rtol=0)


def test_grey_takes_all_colour_away():
    grey = jitter(**IDENTITY | {"grey": 1})
    for channel in range(3):
        torch.testing.assert_close(grey[:, channel], as_is().mean(dim=1), atol=0.01, rtol=0)


def test_brightness_moves_every_pixel_of_an_image_alike():
    flat = torch.full((50, 8, 8, 1), 128, dtype=torch.uint8)
    lit = jitter(flat, (8, 8), **IDENTITY | {"brightness": 30})
    shift = lit[:, 0, 0, 0] - 128
    torch.testing.assert_close(lit - 128, shift[:, None, None, None].expand_as(lit))
    assert shift.abs().max() <= 30
    assert shift.min() < -15
    assert shift.max() > 15


def test_saturation_moves_each_pixel_from_its_own_mean():
    pale = jitter(**IDENTITY | {"saturation": (0.5, 0.5)})
    own = as_is().mean(dim=1, keepdim=True)
    torch.testing.assert_close(pale, own + (as_is() - own) / 2, atol=0.01, rtol=0)


def test_contrast_moves_all_pixels_from_the_images_mean():
    flat = jitter(**IDENTITY | {"contrast": (0.5, 0.5)})
    mean = as_is().mean(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(flat, mean + (as_is() - mean) / 2, atol=0.01, rtol=0)


def test_saturation_and_contrast_work_one_after_the_other():
    both = jitter(**IDENTITY | {"saturation": (0.4, 0.4), "contrast": (0.5, 0.5)})
    own = as_is().mean(dim=1, keepdim=True)
    mean = as_is().mean(dim=(1, 2, 3), keepdim=True)
    pale = own + (as_is() - own) * 0.4
    torch.testing.assert_close(both, mean + (pale - mean) / 2, atol=0.01, rtol=0)


def test_an_erased_rectangle_has_one_grey_and_the_sides_that_were_asked_for():
    covered = jitter(**IDENTITY | {"erase": 1, "erased": (0.25, 0.5)})
    changed = (covered - as_is()).abs() > 1
    for image, where in zip(covered, changed.any(dim=1), strict=True):
        rows, columns = where.any(dim=1).nonzero()[:, 0], where.any(dim=0).nonzero()[:, 0]
        box = image[:, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        for axis in box.shape[1:]:
            assert 4 <= axis <= 13
        assert (box == box[0, 0, 0]).float().mean() > 0.95  # A pixel may have that grey by itself.


def test_a_seed_gives_the_same_batch_and_another_seed_another():
    torch.testing.assert_close(jitter(seed=4), jitter(seed=4), atol=0, rtol=0)
    assert not torch.equal(jitter(seed=4), jitter(seed=5))


def test_each_image_of_a_batch_is_varied_on_its_own():
    varied = jitter(COLOUR[:1].expand(8, -1, -1, -1))
    assert all(not torch.equal(varied[0], other) for other in varied[1:])


def test_the_batchs_generator_is_the_only_source_of_chance():
    state = torch.get_rng_state()
    jitter()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "options",
    [
        {"zoom": (1.2, 0.8)},
        {"contrast": (-1, 1)},
        {"mirror": 1.5},
        {"grey": -0.1},
        {"erased": (0.5, 0.2)},
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match=r"rising pair|between 0 and 1"):
        build(**options)


def test_a_batch_is_the_same_however_many_images_are_varied_at_once(monkeypatch):
    canvas = COLOUR.repeat(5, 1, 1, 1)
    expected = jitter(canvas, erase=0.5)
    monkeypatch.setattr("training.augmentation.jitter._CPU_BATCH", len(canvas))
    whole = jitter(canvas, erase=0.5)
    torch.testing.assert_close(expected, whole)


def test_the_grid_is_the_one_of_pytorch():
    transform = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.affine_grid(transform, [5, 3, 24, 30], align_corners=False)
    torch.testing.assert_close(_grid(transform, (24, 30)), expected)
