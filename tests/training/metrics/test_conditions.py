import dataclasses

import numpy as np
import pytest

from model.manifest import ErrorRates, Metric, OperatingPoint
from training.metrics.conditions import (
    Compared,
    fmr_spread,
    fnmr_spread,
    label_groups,
    measure_conditions,
)
from training.metrics.pairs import all_pairs

NOTHING = ErrorRates(fmr=0, fmr_interval=(0, 1), fnmr=0, fnmr_interval=(0, 1))


def point_at(threshold, target=0.1):
    return OperatingPoint(
        target_fmr=target,
        threshold=threshold,
        independent_impostors=1000,
        supported=True,
        calibration=NOTHING,
        test=NOTHING,
    )


def drawn(people=30, images=4, seed=0, noise=None, dim=4):
    """Embeddings and subjects; `noise` is the scatter of each image around its person."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(people), images)
    scatter = np.full(len(labels), 0.5) if noise is None else noise
    centres = rng.standard_normal((people, dim))[labels]
    embeddings = centres + scatter[:, np.newaxis] * rng.standard_normal((len(labels), dim))
    return embeddings.astype(np.float32), labels


def by_brute_force(embeddings, labels, threshold, wanted):
    """(FMR, FNMR) of the pairs of images for which `wanted(i, j)`, from the definition."""
    errors = {True: [], False: []}
    for i in range(len(labels)):
        for j in range(i):
            if wanted(i, j):
                distance = np.linalg.norm(embeddings[i] - embeddings[j])
                same = bool(labels[i] == labels[j])
                errors[same].append((distance > threshold) == same)
    return tuple(np.mean(errors[kind]) if errors[kind] else None for kind in (False, True))


def rates_of(group):
    return tuple(None if one is None else one.rate for one in (group.fmr, group.fnmr))


def test_the_rates_of_groups_are_those_of_a_count_of_every_pair():
    embeddings, labels = drawn()
    groups = np.array(["bright", "dark", None, "dark"])[np.arange(len(labels)) % 4]
    compared = Compared.of(all_pairs(embeddings, labels, Metric.L2), point_at(1.2))
    found = label_groups(compared, list(groups))
    assert [group.name for group in found] == ["bright", "dark", "across groups"]
    wanted = [
        lambda i, j: groups[i] == groups[j] == "bright",
        lambda i, j: groups[i] == groups[j] == "dark",
        lambda i, j: None not in {groups[i], groups[j]} and groups[i] != groups[j],
    ]
    for group, chosen in zip(found, wanted, strict=True):
        assert rates_of(group) == pytest.approx(by_brute_force(embeddings, labels, 1.2, chosen))
    assert found[0].fnmr is None, "each person has one bright image"
    assert found[0].fmr.pairs == 30 * 29 // 2
    assert found[1].fnmr.identities == 30


def test_the_thirds_are_of_the_less_usual_image():
    embeddings, labels = drawn()
    percentiles = np.random.default_rng(1).random(len(labels))
    pairs = all_pairs(embeddings, labels, Metric.L2)
    found = measure_conditions(pairs, point_at(1.2), percentiles)
    for index, group in enumerate(found.domain):

        def inside(i, j, index=index):
            return int(3 * max(percentiles[i], percentiles[j])) == index

        assert rates_of(group) == pytest.approx(by_brute_force(embeddings, labels, 1.2, inside))
    assert sum(group.fmr.pairs for group in found.domain) == len(pairs.impostor)


def test_without_a_domain_check_there_are_no_thirds():
    pairs = all_pairs(*drawn(), Metric.L2)
    assert measure_conditions(pairs, point_at(1.2)).domain is None


def test_the_ratio_is_that_to_the_rate_of_all_pairs():
    embeddings, labels = drawn()
    compared = Compared.of(all_pairs(embeddings, labels, Metric.L2), point_at(1.2))
    dark = label_groups(compared, ["dark" if i % 2 else "bright" for i in range(len(labels))])[1]
    overall = by_brute_force(embeddings, labels, 1.2, lambda *_: True)
    assert dark.fmr.ratio == pytest.approx(dark.fmr.rate / overall[0])
    assert dark.fnmr.ratio_interval == pytest.approx(np.array(dark.fnmr.interval) / overall[1])


def test_where_nothing_errs_there_is_no_ratio():
    embeddings, labels = drawn(noise=np.zeros(120))
    compared = Compared.of(all_pairs(embeddings, labels, Metric.L2), point_at(0.01))
    within, *_ = label_groups(compared, ["a", "b"] * 60)
    assert (within.fmr.rate, within.fmr.ratio, within.fmr.ratio_interval) == (0, None, None)
    assert not within.fmr.differs


def test_a_group_with_few_people_is_not_supported():
    pairs = all_pairs(*drawn(), Metric.L2)
    few = ["few" if person < 9 else "many" for person in range(30) for _ in range(4)]
    for group, supported in zip(
        label_groups(Compared.of(pairs, point_at(1.2)), few)[:2], (False, True), strict=True
    ):
        assert group.fnmr.supported is supported
        assert group.fmr.supported is supported
    strict = label_groups(Compared.of(pairs, point_at(0.3, target=0.001)), few)[1]
    assert not strict.fmr.supported, "21 people are worth too few impostors for 0.1 %"
    assert strict.fnmr.supported


def differing(seed, worse):
    """Names of the FNMRs that differ, of four groups; the images of one may scatter more."""
    group = np.arange(240) // 60
    noise = np.where(group == 3, worse, 0.5)
    pairs = all_pairs(*drawn(60, 4, seed, noise), Metric.L2)
    found = label_groups(Compared.of(pairs, point_at(1.4)), [f"g{k}" for k in group])
    return [one.name for one in found for rate in (one.fmr, one.fnmr) if rate and rate.differs]


def test_groups_that_do_not_differ_are_seldom_said_to():
    said = [bool(differing(seed, worse=0.5)) for seed in range(60)]
    assert np.mean(said) <= 0.1  # 5 % is what the level promises; six of 60.


def test_a_group_that_differs_is_said_to():
    assert all("g3" in differing(seed, worse=1.0) for seed in range(5))


def test_the_spread_is_that_of_the_peoples_own_rates():
    embeddings, labels = drawn(people=25, images=5)
    pairs = all_pairs(embeddings, labels, Metric.L2)
    found = fnmr_spread(pairs, 1.2), fmr_spread(pairs, 1.2)
    own = [
        by_brute_force(embeddings, labels, 1.2, lambda i, j, k=k: k in {labels[i], labels[j]})
        for k in range(25)
    ]
    for spread, rates in zip(found, zip(*[each[::-1] for each in own], strict=True), strict=True):
        assert spread.identities == 25
        expected = np.percentile(rates, [1, 50, 99])
        assert [spread.low, spread.median, spread.high] == pytest.approx(expected)
        assert spread.free == pytest.approx(np.mean(np.array(rates) == 0))


def test_people_with_few_pairs_are_not_in_the_spread():
    embeddings, labels = drawn(people=20, images=3)
    pairs = all_pairs(embeddings, labels, Metric.L2)
    assert fnmr_spread(pairs, 1.2) is None, "three images make three pairs"
    assert fmr_spread(pairs, 1.2).identities == 20, "171 pairs each"


def test_pairs_of_several_measurements_have_no_groups_of_images(scattered):
    pairs = dataclasses.replace(scattered(), genuine_images=None)
    with pytest.raises(ValueError, match="rows of images"):
        label_groups(Compared.of(pairs, point_at(10.0)), ["a"] * 240)
