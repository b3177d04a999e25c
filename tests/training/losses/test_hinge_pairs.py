import pytest
import torch

from training.losses.hinge_pairs import build


def by_hand(outputs, signs):
    """Equation 1 of the paper without its decay: y = ±1, an output that is large for the same."""
    terms = [max(0.0, 1.0 - y * o) for y, o in zip(signs, outputs, strict=True)]
    return sum(terms) / len(terms)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_equation_1_with_the_outputs_sign_turned(seed):
    generator = torch.Generator().manual_seed(seed)
    energies = 2 * torch.randn(20, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 2, (20,), generator=generator)
    outputs = [-energy for energy in energies.tolist()]
    signs = [1 if label == 0 else -1 for label in labels.tolist()]
    assert build()(energies, labels).item() == pytest.approx(by_hand(outputs, signs))


def gradient(energy, label):
    energies = torch.tensor([energy], requires_grad=True)
    build()(energies, torch.tensor([label])).backward()
    return energies.grad.item()


@pytest.mark.parametrize(
    ("energy", "label", "expected"),
    [(0.5, 0, 1), (-0.5, 0, 1), (-1.5, 0, 0), (0.5, 1, -1), (-0.5, 1, -1), (1.5, 1, 0)],
)
def test_genuine_energies_are_pushed_below_minus_1_and_impostor_energies_above_1(
    energy, label, expected
):
    assert gradient(energy, label) == expected


def test_the_margin_can_be_another():
    assert build(margin=3.0)(torch.tensor([1.0]), torch.tensor([1])).item() == 2.0


@pytest.mark.parametrize("margin", [0, -1, float("nan")])
def test_a_margin_that_is_not_positive_is_refused(margin):
    with pytest.raises(ValueError, match="positive"):
        build(margin)
