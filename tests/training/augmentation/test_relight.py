import pytest
import torch

from tests.training.augmentation.test_jitter import COLOUR, IDENTITY, SIZE, as_is
from training.augmentation.relight import build

STILL = {"jitter": IDENTITY, "gradient": 0, "waves": 0, "shadow": 0, "gamma": 0}


def relight(canvas=COLOUR, seed=0, **options):
    return build(**options)(canvas, SIZE, torch.Generator().manual_seed(seed))


def test_images_come_out_in_the_inputs_size_and_the_pixels_range():
    lit = relight(jitter={"mirror": 0}, shadow=1, share=1)
    assert (lit.shape, lit.dtype) == ((8, 3, *SIZE), torch.float32)
    assert torch.isfinite(lit).all()
    assert lit.min() >= 0
    assert lit.max() <= 255


def test_without_light_an_image_is_that_of_jitter():
    torch.testing.assert_close(relight(share=0, jitter=IDENTITY), as_is(), atol=0.01, rtol=0)


def test_with_every_strength_at_zero_only_the_exposure_changes():
    dark = COLOUR // 3 + 1  # So that no exposure saturates, and none divides by 0.
    ratio = relight(dark, **STILL, share=1) / as_is(dark)
    per_image = ratio.flatten(1)
    assert (per_image.amax(1) - per_image.amin(1)).max() < 0.02
    assert per_image[:, 0].max() - per_image[:, 0].min() > 0.2


def test_a_gradient_is_an_exponential_of_a_direction():
    flat = torch.full((20, 24, 24, 1), 100, dtype=torch.uint8)
    lit = relight(flat, **STILL | {"gradient": 1.0}, share=1).log()
    across, down = lit.diff(dim=3), lit.diff(dim=2)
    unsaturated = lit.amax((1, 2, 3)) < torch.tensor(254.0).log()
    assert unsaturated.any()
    for steps in (across[unsaturated], down[unsaturated]):
        spread = steps.flatten(1).amax(1) - steps.flatten(1).amin(1)
        assert spread.max() < 1e-3
    assert across.abs().max() > 0.02


def test_a_strength_below_zero_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        build(gradient=-1)
