import numpy as np
import pytest
from sklearn.metrics import roc_curve

from model.bundle import open_bundle
from tests.training import synthetic
from training.data.split import IdentitySplit
from training.errors import ConfigError
from training.evaluation.protocols.fpr95 import build, fpr_at_recall
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import graph_comparer
from training.metrics.pairs import compared_pairs


def pairs_of(genuine, impostor):
    """Pairs among two subjects of two images, with these energies."""
    left = np.array([0] * (len(genuine) + len(impostor)))
    right = np.array([1] * len(genuine) + [2] * len(impostor))
    energies = np.float32([*genuine, *impostor])
    return compared_pairs(np.array([0, 0, 1, 1]), left, right, energies)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_scikit_learns_roc_says(seed):
    rng = np.random.default_rng(seed)
    pairs = pairs_of(rng.normal(0, 1, 217).round(2), rng.normal(2, 1, 333).round(2))
    fpr, tpr, _ = roc_curve(pairs.is_genuine, -pairs.all_energies, drop_intermediate=False)
    assert fpr_at_recall(pairs) == pytest.approx(fpr[np.argmax(tpr >= 0.95)])


def test_of_twenty_genuine_pairs_one_may_be_missed():
    impostor = [18.5, 17.5, 20, 30]
    assert fpr_at_recall(pairs_of(range(20), impostor)) == 0.25  # Up to 18.
    assert fpr_at_recall(pairs_of(range(20), impostor), recall=1.0) == 0.5  # Up to 19.
    assert fpr_at_recall(pairs_of(range(20), impostor), recall=0.9) == 0.0  # Up to 17.


def system(names, bundle):
    images = synthetic.image_set(dict.fromkeys(names, 4))
    manifest = bundle.manifest
    return SystemUnderTest(
        comparer=graph_comparer(bundle.onnx, manifest.metric),
        spec=manifest.input,
        images=images,
        split=IdentitySplit((), (), tuple(names)),
    )


@pytest.mark.parametrize("kind", ["exported", "exported_pair"])
def test_an_encoder_and_a_pair_model_are_measured_alike(kind, request):
    bundle = open_bundle(request.getfixturevalue(kind))
    names = [f"new{i}" for i in range(8)]
    (figure,) = build(images_per_identity=3)(system(names, bundle))
    assert figure.name == "FPR at 95 % recall"
    assert figure.trials == (24 * 23 - 8 * 3 * 2) // 2
    assert 0 <= figure.value <= 1


def test_a_pair_model_has_no_embeddings_for_a_protocol_that_needs_them(exported_pair):
    made = system(["a", "b"], open_bundle(exported_pair))
    with pytest.raises(ConfigError, match="needs embeddings"):
        made.embed(made.images)


def test_one_image_of_each_identity_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        build(images_per_identity=1)
