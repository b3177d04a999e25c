import torch

from training.augmentation.none import build

CANVAS = torch.arange(2 * 20 * 10 * 3).reshape(2, 20, 10, 3).to(torch.uint8)


def test_images_of_the_inputs_size_stay_as_they_are():
    same = build()(CANVAS, (20, 10), torch.Generator())
    assert same.dtype == torch.float32
    assert torch.equal(same, CANVAS.permute(0, 3, 1, 2).float())


def test_images_of_another_size_are_resized():
    flat = torch.full((2, 20, 10, 3), 77, dtype=torch.uint8)
    resized = build()(flat, (8, 4), torch.Generator())
    torch.testing.assert_close(resized, torch.full((2, 3, 8, 4), 77.0))
