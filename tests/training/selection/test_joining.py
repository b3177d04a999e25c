import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from tests.training.synthetic import config, image_set
from training.config.candidates import Candidate
from training.config.overrides import override
from training.data.split import IdentitySplit
from training.encoder import build_encoder
from training.inference.pytorch import embed
from training.networks import joined
from training.selection.image_pool import ImagePool
from training.selection.joining import best_joined, can_join
from training.selection.member import Entry, Member
from training.selection.trial import scores

NAMES = tuple(f"p{i}" for i in range(12))
SPLIT = IdentitySplit(train=NAMES[:6], calibration=NAMES[6:], test=())


@pytest.fixture(scope="module")
def images():
    return ImagePool(image_set(dict.fromkeys(NAMES, 3))).measured(config(), config().input, NAMES)


CONVNET = 'network={"name":"convnet","options":{"widths":[4,8],"depths":[1,1],"dim":8,"unit":true}}'


def member(images, seed, *settings):
    torch.manual_seed(seed)
    own = override(config(), settings)
    encoder = build_encoder(own).eval()
    embedded = embed(encoder, images.pixels), images.source
    entry = Entry(Candidate(name=f"seed {seed}"), own, None)
    return Member(entry, 1, 1.0, encoder, embedded, scores(embedded, SPLIT))


def test_squared_distances_of_the_joined_network_are_the_means_of_its_members(images):
    members = [member(images, 0), member(images, 1, CONVNET)]
    found = best_joined(members, SPLIT)
    assert len(found.members) == 2
    network = build_encoder(found.config(config()))
    network.load_state_dict(found.network().state_dict())
    vectors = embed(network.eval(), images.pixels)
    each = [embed(one.encoder, images.pixels) for one in found.members]
    squares = np.mean([((own[:, None] - own) ** 2).sum(axis=2) for own in each], axis=0)
    assert ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2) == pytest.approx(squares, abs=1e-5)


def test_embeddings_that_have_no_length_of_1_are_not_joined(images):
    unit, other = member(images, 0, CONVNET), member(images, 0, CONVNET.replace("true", "false"))
    assert can_join(unit, config())
    assert not can_join(other, config())


def test_members_of_earlier_runs_are_residual_networks():
    options = dict(config().network.options)
    named = {"name": config().network.name, "options": options}
    networks = [joined.build(config().input, members=[each]) for each in (options, named)]
    assert str(networks[0]) == str(networks[1])


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
