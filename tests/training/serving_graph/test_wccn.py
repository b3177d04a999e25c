import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score

from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle
from model.manifest import Metric
from tests.training import synthetic
from training.config.schema import TrainingConfig
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.errors import ConfigError
from training.export.bundle import export_run
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.runs.run_folder import RunFolder
from training.serving_graph.wccn import (
    between_class_covariance,
    measured_whitening,
    whitening_matrix,
    within_class_covariance,
)
from training.transfer.pretrained import open_weights
from training.transfer.teacher import open_teacher

CPU = torch.device("cpu")
LABELS = np.repeat(np.arange(40), [1, 2, 5, 8] * 10)


@pytest.fixture(scope="module")
def embeddings():
    """Of 40 identities, that vary much more in some directions than in others."""
    rng = np.random.default_rng(0)
    means = rng.standard_normal((40, 6))
    within = rng.standard_normal((len(LABELS), 6)) * [3, 2, 1, 0.5, 0.2, 0.1]
    turn, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    return ((means[LABELS] + within) @ turn).astype(np.float32)


def test_the_covariance_is_that_of_each_identity_weighted_by_its_freedom(embeddings):
    several = [k for k in range(40) if np.sum(k == LABELS) > 1]
    weights = [np.sum(k == LABELS) - 1 for k in several]
    each = [np.cov(embeddings[k == LABELS].T.astype(np.float64)) for k in several]
    expected = np.average(each, axis=0, weights=weights)
    np.testing.assert_allclose(within_class_covariance(embeddings, LABELS), expected, rtol=1e-5)


def test_whitened_identities_vary_alike_in_all_directions(embeddings):
    matrix = whitening_matrix(within_class_covariance(embeddings, LABELS), 0)
    covariance = within_class_covariance(embeddings @ matrix, LABELS)
    variance = np.trace(covariance) / 6
    np.testing.assert_allclose(covariance, variance * np.eye(6), atol=1e-4 * variance)


def test_drawn_to_one_variance_it_changes_nothing(embeddings):
    covariance = within_class_covariance(embeddings, LABELS)
    np.testing.assert_allclose(whitening_matrix(covariance, 1), np.eye(6), atol=1e-12)


def test_a_direction_that_never_varied_gets_no_infinite_weight():
    embeddings = np.zeros((20, 4), np.float32)
    embeddings[:, :2] = np.random.default_rng(0).standard_normal((20, 2))
    covariance = within_class_covariance(embeddings, np.repeat(np.arange(10), 2))
    matrix = whitening_matrix(covariance, 0)
    assert np.isfinite(matrix).all()
    assert np.abs(matrix).max() == pytest.approx(1)


def test_identities_with_one_image_each_are_refused(embeddings):
    with pytest.raises(ConfigError, match="two images or more"):
        within_class_covariance(embeddings, np.arange(len(embeddings)))


def test_the_covariance_between_is_that_of_identities_and_not_of_their_few_images():
    rng = np.random.default_rng(0)
    between, within = np.array([4.0, 1.0, 0.0]), np.array([1.0, 9.0, 4.0])
    labels = np.repeat(np.arange(20_000), [1, 2, 3, 4] * 5_000)
    embeddings = rng.standard_normal((20_000, 3))[labels] * np.sqrt(between)
    embeddings += rng.standard_normal((len(labels), 3)) * np.sqrt(within)
    found = between_class_covariance(embeddings.astype(np.float32), labels, np.diag(within))
    np.testing.assert_allclose(found, np.diag(between), atol=0.15)


def test_the_weights_are_those_of_the_products_in_the_ratio_of_two_normal_pairs():
    """Against SciPy's densities: what a pair's ratio owes to x y, and not to x or y alone."""
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    within = turn @ np.diag([3.0, 1.0, 0.5, 0.1]) @ turn.T
    root = rng.standard_normal((4, 3))
    between = root @ root.T
    matrix = whitening_matrix(within, 0, between)
    total = within + between
    same = multivariate_normal(cov=np.block([[total, between], [between, total]]))
    different = multivariate_normal(cov=np.block([[total, 0 * total], [0 * total, total]]))

    def ratio(x, y):
        return same.logpdf(np.concatenate([x, y])) - different.logpdf(np.concatenate([x, y]))

    pairs = rng.standard_normal((50, 2, 4))
    products = [(ratio(x, y) - ratio(x, -y)) / 2 for x, y in pairs]
    ours = np.array([x @ matrix @ matrix.T @ y for x, y in pairs])
    np.testing.assert_allclose(ours / ours[0], np.array(products) / products[0], rtol=1e-6)
    assert np.linalg.norm(matrix, 2) == pytest.approx(1)
    assert np.linalg.matrix_rank(matrix, tol=1e-6) == 3


def test_weighted_directions_tell_identities_apart_better_than_equal_ones():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(300), 4)
    between = np.array([3.0, 2.0, 1.0] + [0.05] * 29)
    embeddings = rng.standard_normal((300, 32))[labels] * between
    embeddings = (embeddings + rng.standard_normal((1200, 32))).astype(np.float32)

    def rate(weights):
        matrix = measured_whitening(embeddings[:600], labels[:600], 0.05, weights)
        unseen = embeddings[600:] @ matrix
        unseen /= np.linalg.norm(unseen, axis=1, keepdims=True)
        upper = np.triu_indices(600, 1)
        genuine = labels[600:, np.newaxis] == labels[600:]
        return roc_auc_score(genuine[upper], (unseen @ unseen.T)[upper])

    assert rate("plda") > rate("equal") + 0.05


def test_identities_that_do_not_differ_are_refused():
    images = np.random.default_rng(0).standard_normal((20, 6)).astype(np.float32)
    labels = np.repeat(np.arange(10), 20)
    with pytest.raises(ConfigError, match="whitening_weights=equal"):
        measured_whitening(np.tile(images, (10, 1)), labels, 0.1, "plda")


def test_one_identity_alone_cannot_say_how_identities_differ():
    images = np.random.default_rng(0).standard_normal((20, 6)).astype(np.float32)
    with pytest.raises(ConfigError, match="only one training identity"):
        measured_whitening(images, np.zeros(20, np.int64), 0.1, "plda")


@pytest.fixture(scope="module")
def whitened(exported, tmp_path_factory):
    """A bundle that begins with `exported` and only adds whitening; its folder and its data."""
    root = tmp_path_factory.mktemp("whitened")
    files = {name: png for name, png in synthetic.files_of(40, 3).items() if name >= "id20"}
    data = synthetic.write_files(root / "data", files)
    weights = open_weights(exported)
    config = weights.adopted(synthetic.config(epochs=0, whitening=0.3, whitening_weights="plda"))
    synthetic.train(config, data, root / "run", weights=weights)
    export_run(RunFolder(root / "run"), root / "bundle")
    return root


def test_a_bundle_is_whitened_by_its_training_identities_alone(whitened, exported):
    bundle, images = open_bundle(whitened / "bundle"), read_folder(whitened / "data")
    known = RunFolder(whitened / "run").split().take(images, "train")
    before = OnnxEncoder(open_bundle(exported).onnx)

    def embedded(some):
        return before.embed(decode(some, bundle.manifest.input).pixels)

    matrix = measured_whitening(embedded(known), known.labels(), 0.3, "plda")
    expected = embedded(images) @ matrix
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    answer = OnnxEncoder(bundle.onnx).embed(decode(images, bundle.manifest.input).pixels)
    np.testing.assert_allclose(answer, expected, atol=1e-5)
    assert np.abs(answer - embedded(images)).max() > 0.01


def test_a_training_begins_with_the_encoder_before_its_whitening(whitened, exported):
    weights = open_weights(whitened / "bundle")
    config = weights.adopted(synthetic.config())
    assert config.export.whitening is None
    pixels = decode(read_folder(whitened / "data"), config.input).pixels
    answer = embed(weights.encoder_of(config, pixels), pixels, CPU)
    expected = OnnxEncoder(open_bundle(exported).onnx).embed(pixels)
    assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["whitened", "faces"])
def test_a_teacher_shows_what_its_whole_graph_does(name, whitened):
    folder = whitened / "bundle" if name == "whitened" else SHIPPED_BUNDLES / "faces"
    teacher = open_teacher(folder)
    spec = teacher.bundle.manifest.input
    shape = (3, spec.height, spec.width, spec.channels)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    config = synthetic.config(input=spec)
    shown = teacher.distillation(config).embed(images).numpy()
    expected = OnnxEncoder(teacher.bundle.onnx).embed(pixels)
    assert np.abs(shown - expected).max() <= 1e-4 * np.abs(expected).max()


def test_whitening_needs_embeddings_of_length_one():
    config = synthetic.config().model_dump() | {"whitening": 0.5}
    with pytest.raises(ValidationError, match="needs the metric l2"):
        TrainingConfig.model_validate(config | {"metric": Metric.L1})


def test_weights_without_whitening_are_refused():
    config = synthetic.config().model_dump() | {"whitening_weights": "plda"}
    with pytest.raises(ValidationError, match="they need whitening"):
        TrainingConfig.model_validate(config)


def test_no_epochs_without_weights_to_begin_with_are_refused(folder, tmp_path):
    with pytest.raises(ConfigError, match="begin with trained weights"):
        synthetic.train(synthetic.config(epochs=0), folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()
