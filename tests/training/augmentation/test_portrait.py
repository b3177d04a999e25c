import pytest
import torch

from tests.training.augmentation.test_jitter import COLOUR, IDENTITY, SIZE, as_is
from training.augmentation.portrait import build

NOTHING = {"jitter": IDENTITY, "surround": 0, "soft": 0, "light": 0}


def portrait(canvas=COLOUR, seed=0, **options):
    return build(**NOTHING | options)(canvas, SIZE, torch.Generator().manual_seed(seed))


def test_without_its_own_variations_an_image_is_that_of_jitter():
    torch.testing.assert_close(portrait(), as_is(), atol=0.01, rtol=0)


def test_with_all_variations_the_pixels_keep_their_size_and_range():
    varied = build(surround=1, soft=1, light=1)(COLOUR, SIZE, torch.Generator().manual_seed(1))
    assert (varied.shape, varied.dtype) == ((8, 3, *SIZE), torch.float32)
    assert 0 <= varied.min() <= varied.max() <= 255


def test_beyond_the_outline_there_is_one_grey_and_within_it_the_image():
    framed, image = portrait(surround=1, outline=(0.5, 0.8)), as_is()
    same = (framed - image).abs().amax(1) < 0.01
    height, width = SIZE
    inner = same[:, height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5]
    assert inner.all()
    corners = framed[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].flatten(1)
    torch.testing.assert_close(corners, corners[:, :1].expand_as(corners))
    greys = corners[:, 0]
    assert (greys == 128).any()
    assert (greys != 128).any()


def test_light_falls_off_as_an_exponential_of_a_direction():
    flat = torch.full((20, 24, 24, 1), 60, dtype=torch.uint8)  # So that no gradient saturates.
    lit = portrait(flat, light=1, gradient=0.9, gamma=0).log()
    for steps in (lit.diff(dim=3), lit.diff(dim=2)):
        assert (steps.flatten(1).amax(1) - steps.flatten(1).amin(1)).max() < 1e-3
    assert lit.diff(dim=3).abs().max() > 0.02


def test_a_gamma_is_an_exponent():
    flat = torch.tensor([50, 150], dtype=torch.uint8).view(1, 1, 2, 1).expand(20, 24, 2, 1)
    lit = build(**NOTHING | {"light": 1, "gradient": 0})(
        flat, (24, 2), torch.Generator().manual_seed(0)
    )
    dark, bright = (lit[..., column].mean((1, 2)) / 255 for column in (0, 1))
    exponents = dark.log() / torch.tensor(50 / 255).log()
    torch.testing.assert_close(bright, (150 / 255) ** exponents, atol=1e-3, rtol=0)
    assert exponents.max() - exponents.min() > 0.2


def test_a_softened_image_keeps_its_mean_and_loses_its_finest_differences():
    checks = torch.arange(24)[:, None].add(torch.arange(24)).remainder(2).mul(200)
    canvas = checks.to(torch.uint8)[None, :, :, None].expand(6, -1, -1, 1)
    soft = build(**NOTHING | {"soft": 1})(canvas, (24, 24), torch.Generator().manual_seed(0))
    spread = soft.flatten(1).std(1)
    assert spread.max() - spread.min() > 10
    torch.testing.assert_close(soft.mean((1, 2, 3)), torch.full((6,), 100.0), atol=1, rtol=0)


@pytest.mark.parametrize(
    "options",
    [{"surround": 2}, {"outline": (0.9, 0.5)}, {"gamma": -1}, {"jitter": {"zoom": [2, 1]}}],
)
def test_a_value_out_of_its_range_is_refused(options):
    with pytest.raises(ValueError, match=r"share|rising|at least 0"):
        build(**options)
