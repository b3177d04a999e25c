import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from tests.training.synthetic import config, image_set
from training.config.candidates import Candidate
from training.data.split import IdentitySplit
from training.encoder import build_encoder
from training.inference.pytorch import embed
from training.selection.image_pool import ImagePool
from training.selection.joining import best_joined
from training.selection.member import Entry, Member
from training.selection.trial import scores

NAMES = tuple(f"p{i}" for i in range(12))
SPLIT = IdentitySplit(train=NAMES[:6], calibration=NAMES[6:], test=())


@pytest.fixture(scope="module")
def images():
    return ImagePool(image_set(dict.fromkeys(NAMES, 3))).measured(config(), config().input, NAMES)


def member(images, seed):
    torch.manual_seed(seed)
    encoder = build_encoder(config()).eval()
    embedded = embed(encoder, images.pixels), images
    entry = Entry(Candidate(name=f"seed {seed}"), config(), None)
    return Member(entry, 1, 1.0, encoder, embedded, scores(embedded, SPLIT))


def test_squared_distances_of_the_joined_network_are_the_means_of_its_members(images):
    joined = best_joined([member(images, seed) for seed in range(3)], SPLIT)
    assert len(joined.members) >= 2
    network = build_encoder(joined.config(config()))
    network.load_state_dict(joined.network().state_dict())
    vectors = embed(network.eval(), images.pixels)
    each = np.stack([embed(one.encoder, images.pixels) for one in joined.members])
    squares = ((each[:, :, None] - each[:, None]) ** 2).sum(axis=3).mean(axis=0)
    assert ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2) == pytest.approx(squares, abs=1e-5)


def test_one_network_is_not_joined(images):
    assert best_joined([member(images, 0)], SPLIT) is None


def test_the_overlap_is_the_area_above_the_roc_curve_of_an_independent_library(images):
    found = member(images, 0)
    held_out = np.isin([image.identity for image in images.source], SPLIT.calibration)
    vectors, labels = found.embedded[0][held_out], images.source.labels()[held_out]
    rows, columns = np.triu_indices(len(labels), 1)
    distances = np.linalg.norm(vectors[rows] - vectors[columns], axis=1)
    area = roc_auc_score(labels[rows] == labels[columns], -distances)
    assert found.scores[None].overlap == pytest.approx(1 - area, abs=1e-6)
