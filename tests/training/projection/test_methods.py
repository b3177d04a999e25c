import numpy as np
import pytest

from training.projection.methods import discriminant, projections, unfolded

RNG = np.random.default_rng(4)
LABELS = np.repeat(np.arange(3), 12)
FEATURES = RNG.standard_normal((3, 40)).repeat(12, axis=0) * 2 + RNG.standard_normal((36, 40))


@pytest.fixture(scope="module")
def found():
    return projections(FEATURES, LABELS, seed=1)


def test_every_method_gives_finite_points_in_two_dimensions(found):
    assert sorted(found) == [
        "Factor analysis",
        "Isomap",
        "Kernel PCA",
        "LDA (told the identities)",
        "LLE",
        "Laplacian eigenmaps",
        "MDS",
        "PCA",
    ]
    for projection in found.values():
        assert projection.points.shape == (36, 2)
        assert np.isfinite(projection.points).all()


def test_pca_is_the_singular_value_decomposition(found):
    centred = FEATURES - FEATURES.mean(axis=0)
    left, scales, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * scales[:2]
    np.testing.assert_allclose(abs(found["PCA"].points), abs(expected), atol=1e-8)


def test_lda_is_fishers_generalised_eigenproblem_in_the_principal_components():
    centred = FEATURES - FEATURES.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ axes[:33].T
    means = np.array([reduced[i == LABELS].mean(axis=0) for i in range(3)])
    within = sum(np.cov(reduced[i == LABELS].T, bias=True) * 12 for i in range(3))
    between = sum(12 * np.outer(m, m) for m in means)
    values, vectors = np.linalg.eig(np.linalg.solve(within, between))
    best = vectors[:, np.argsort(-values.real)[:2]].real
    for ours, theirs in zip(discriminant(FEATURES, LABELS).T, (reduced @ best).T, strict=True):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) == pytest.approx(1, abs=1e-6)


def test_two_identities_have_one_direction():
    points = discriminant(FEATURES[:24], LABELS[:24])
    assert points[:, 0].std() > 0
    assert (points[:, 1] == 0).all()


def test_the_furthest_point_of_an_axis_lies_on_its_right(found):
    for projection in found.values():
        assert (projection.points.max(axis=0) >= -projection.points.min(axis=0)).all()


def test_a_seed_gives_the_same_points(found):
    again = projections(FEATURES, LABELS, seed=1)
    for name, projection in found.items():
        np.testing.assert_array_equal(again[name].points, projection.points)


def test_what_a_method_warns_of_is_kept():
    islands = np.concatenate([FEATURES[:12], FEATURES[:12] + 1000])
    assert any("connected" in note for note in unfolded(islands, 0)["Isomap"].notes)
