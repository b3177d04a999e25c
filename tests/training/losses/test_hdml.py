import itertools

import numpy as np
import pytest
import torch

from training.losses.hdml import build, nearest_impostors, triplets, upper_bound


def hamming(left, right):
    return int(np.sum(np.sign(left) != np.sign(right)))


def ranking_loss(code, genuine, impostor, margin=1):
    """Norouzi et al. 2012, section 2, of three codes of -1 and 1."""
    return max(0, hamming(code, genuine) - hamming(code, impostor) + margin)


def by_brute_force(f, genuine, impostor, margin):
    """Section 3: the maximum over every three codes."""
    codes = [np.array(code) for code in itertools.product((-1, 1), repeat=len(f))]
    best = max(
        ranking_loss(g, gp, gm, margin) + g @ f + gp @ genuine + gm @ impostor
        for g, gp, gm in itertools.product(codes, repeat=3)
    )
    return best - np.abs(f).sum() - np.abs(genuine).sum() - np.abs(impostor).sum()


def by_dynamic_programme(f, genuine, impostor, margin=1):
    """The paper's search over how many bits differ, quadratic in their number, in plain loops."""
    best = {0: 0.0}  # From m, the difference of the two distances so far, to the best score.
    for bit in zip(f, genuine, impostor, strict=True):
        after = {}
        for m, score in best.items():
            for g in itertools.product((-1, 1), repeat=3):
                now = m + (g[0] != g[1]) - (g[0] != g[2])
                gained = score + sum(a * b for a, b in zip(g, bit, strict=True))
                after[now] = max(after.get(now, -np.inf), gained)
        best = after
    unmoved = np.abs(f).sum() + np.abs(genuine).sum() + np.abs(impostor).sum()
    return max(score + max(0, m + margin) for m, score in best.items()) - unmoved


def drawn(seed, bits, scale=1.0):
    rng = np.random.default_rng(seed)
    return scale * rng.standard_normal((3, bits))


def bound(f, margin=1):
    return upper_bound(*(torch.from_numpy(row)[None] for row in f), margin=margin).item()


@pytest.mark.parametrize("scale", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("bits", [1, 2, 3])
@pytest.mark.parametrize("margin", [1, 2.5])
@pytest.mark.parametrize("seed", range(3))
def test_the_inference_finds_what_brute_force_over_all_codes_finds(seed, margin, bits, scale):
    f = drawn(seed, bits, scale)
    assert bound(f, margin) == pytest.approx(by_brute_force(*f, margin), abs=1e-9)


@pytest.mark.parametrize("margin", [1, 6])
@pytest.mark.parametrize("scale", [0.1, 0.4, 3.0])
@pytest.mark.parametrize("bits", [8, 33])
def test_the_inference_finds_what_the_papers_dynamic_programme_finds(bits, scale, margin):
    f = drawn(bits, bits, scale)
    assert bound(f, margin) == pytest.approx(by_dynamic_programme(*f, margin), abs=1e-9)


@pytest.mark.parametrize("scale", [0.05, 0.5, 5.0])
def test_the_bound_is_never_below_the_loss_of_the_codes(scale):
    rng = np.random.default_rng(5)
    f = scale * rng.standard_normal((3, 400, 12))
    bounds = upper_bound(*torch.from_numpy(f)).numpy()
    losses = [ranking_loss(*f[:, i]) for i in range(400)]
    assert (bounds >= np.array(losses) - 1e-9).all()
    assert max(losses) > 0


def test_the_bound_of_sure_codes_is_the_loss_itself():
    f = 50 * drawn(3, 10)
    assert bound(f) == pytest.approx(ranking_loss(*f))


def test_a_triplet_that_is_ranked_surely_costs_nothing_and_moves_nothing():
    rows = [torch.full((1, 8), v, requires_grad=True) for v in (2.0, 3.0, -2.0)]
    loss = upper_bound(*rows).sum()
    loss.backward()
    assert loss.item() == 0
    assert all((row.grad == 0).all() for row in rows)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_finite_differences(seed):
    rows = [torch.from_numpy(row)[None].requires_grad_() for row in drawn(seed, 6, 0.4)]
    assert upper_bound(*rows).item() > 0
    assert torch.autograd.gradcheck(lambda *f: upper_bound(*f).sum(), rows, eps=1e-6)


def test_a_batchs_loss_is_the_mean_bound_and_the_balance_of_the_bits():
    rng = np.random.default_rng(8)
    f = 0.5 * rng.standard_normal((3, 5))
    # Of two genuine images and one impostor there are two triplets, whatever is drawn.
    expected = by_dynamic_programme(f[0], f[1], f[2], 2) / 2
    expected += by_dynamic_programme(f[1], f[0], f[2], 2) / 2
    expected += 0.3 / 2 * np.square(f.mean(axis=0)).sum()
    answer = build(balance=0.3, margin=2)(torch.from_numpy(f), torch.tensor([4, 4, 9])).item()
    assert answer == pytest.approx(expected)


def test_each_genuine_pair_gets_so_many_impostors_of_other_identities():
    torch.manual_seed(0)
    identities = torch.tensor([0, 0, 0, 1, 1, 2])
    anchor, genuine, impostor = triplets(identities, 50)
    assert (identities[anchor] == identities[genuine]).all()
    assert (anchor != genuine).all()
    assert (identities[anchor] != identities[impostor]).all()
    pairs = list(zip(anchor.tolist(), genuine.tolist(), strict=True))
    assert {pair: pairs.count(pair) for pair in set(pairs)} == dict.fromkeys(
        [*itertools.permutations(range(3), 2), (3, 4), (4, 3)], 50
    )
    assert set(impostor[anchor == 3].tolist()) == {0, 1, 2, 5}


@pytest.mark.parametrize("identities", [[1, 1, 1], [1, 2, 3]])
def test_a_batch_without_triplets_costs_the_balance_alone(identities):
    f = torch.ones(3, 4, requires_grad=True)
    loss = build(balance=2.0)(f, torch.tensor(identities))
    loss.backward()
    assert loss.item() == pytest.approx(4.0)


@pytest.mark.parametrize(
    "options", [{"balance": -1}, {"impostors": 0}, {"balance": float("nan")}, {"smooth": -1}]
)
def test_settings_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match="at least"):
        build(**options)


def smooth_by_hand(f, margin):
    """The ranking loss of tanh codes of an image, its genuine partner and an impostor."""
    one, genuine, impostor = (np.tanh(row) for row in f)
    apart = [sum((1 - a * b) / 2 for a, b in zip(one, x, strict=True)) for x in (genuine, impostor)]
    return max(0, apart[0] - apart[1] + margin)


def test_smoothed_codes_can_be_ranked_as_well():
    f = drawn(12, 8)
    identities = torch.tensor([4, 4, 9])
    plain = build(balance=0)(torch.from_numpy(f), identities).item()
    answer = build(balance=0, smooth=0.7, smooth_margin=3 / 8)(
        torch.from_numpy(f), identities
    ).item()
    both = (smooth_by_hand(f, 3) + smooth_by_hand(f[[1, 0, 2]], 3)) / 2
    assert both > 0
    assert answer - plain == pytest.approx(0.7 * both)


def test_two_identities_that_share_a_sure_code_are_parted_by_the_smoothed_loss_alone():
    f = torch.tensor([[2.0, -2.0]] * 3, dtype=torch.float64, requires_grad=True)
    slopes = []
    for smooth in (0.0, 1.0):
        loss = build(balance=0, smooth=smooth)(f, torch.tensor([4, 4, 9]))
        slopes.append(torch.autograd.grad(loss, f)[0].abs().sum().item())
    assert slopes[0] == 0
    assert slopes[1] > 0


@pytest.mark.parametrize(
    "options",
    [{"margin": 0}, {"smooth_margin": 0}, {"smooth_margin": 24}, {"margin": float("nan")}],
)
def test_a_margin_that_is_not_positive_is_refused(options):
    with pytest.raises(ValueError, match="positive"):
        build(**options)


def test_the_nearest_impostor_can_be_taken():
    f = torch.from_numpy(drawn(4, 6, 0.6))
    f = torch.cat([f, f[:2] + 0.3])
    identities = torch.tensor([0, 0, 1, 2, 1])
    t = np.tanh(f.numpy())
    apart = [[sum((1 - a * b) / 2 for a, b in zip(x, y, strict=True)) for y in t] for x in t]
    expected = [
        min((j for j in range(5) if identities[j] != identities[i]), key=lambda j: apart[i][j])
        for i in range(5)
    ]
    assert nearest_impostors(f, identities).tolist() == expected
    pairs = [(0, 1), (1, 0), (2, 4), (4, 2)]
    bounds = [by_dynamic_programme(*f[[i, j, expected[i]]].numpy()) for i, j in pairs]
    loss = build(balance=0, nearest=True)(f, identities).item()
    assert loss == pytest.approx(np.mean(bounds))
