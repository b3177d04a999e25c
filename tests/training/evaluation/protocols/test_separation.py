import numpy as np
import pytest

from model.manifest import Metric
from training.evaluation.protocols.separation import separated
from training.registry import Component, Part, build

LABELS = np.array([0, 0, 0, 1, 1, 2])


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_triples_are_counted_one_by_one(margin, seed):
    embeddings = np.random.default_rng(seed).standard_normal((6, 2)).astype(np.float32)
    distance = np.abs(embeddings[:, None] - embeddings[None]).sum(axis=2)
    m = margin * distance[LABELS[:, None] != LABELS[None]].mean()
    satisfied = triples = 0
    for a in range(6):
        for g in range(6):
            for i in range(6):
                if g != a and LABELS[g] == LABELS[a] and LABELS[i] != LABELS[a]:
                    triples += 1
                    satisfied += distance[a, g] + m < distance[a, i]
    assert separated(embeddings, LABELS, Metric.L1, margin) == (satisfied, triples)


def test_identities_far_apart_satisfy_the_condition_and_equal_embeddings_never_do():
    apart = np.float32(LABELS[:, None] * 100 + np.arange(6)[:, None] * 0.01)
    satisfied, triples = separated(apart, LABELS, Metric.L1, 0.1)
    assert satisfied == triples
    assert separated(np.zeros((6, 3), np.float32), LABELS, Metric.L2, 0.0)[0] == 0


def test_a_bundle_is_measured_on_its_test_identities(system):
    figures = list(build(Part.PROTOCOL, Component(name="separation"))(system))
    assert len(figures) == 2
    # 5 test identities with 4 images: each image has 3 genuine and 16 impostor partners.
    assert {figure.trials for figure in figures} == {20 * 3 * 16}
    assert 0.5 < figures[1].value <= figures[0].value <= 1
