from dataclasses import replace

import numpy as np
import pytest

from tests.training.synthetic import config, image_set
from training.config.candidates import Candidate
from training.data.split import IdentitySplit
from training.selection.image_pool import ImagePool
from training.selection.member import Entry, Member
from training.selection.preference import is_as_good, is_of_its_kind
from training.selection.trial import scores

NAMES = tuple(f"p{i}" for i in range(16))
SPLIT = IdentitySplit(train=NAMES[:4], calibration=NAMES[4:], test=())


@pytest.fixture(scope="module")
def images():
    pool = ImagePool(image_set(dict.fromkeys(NAMES, 4)))
    return pool.measured(config(), config().input, NAMES)


def result(images, noise, seed=0):
    """Make a result whose images lie around those of their identity."""
    rng = np.random.default_rng(seed)
    labels = images.source.labels()
    around = np.random.default_rng(9).normal(0, 1, (16, 8))[labels]
    vectors = around + noise * rng.normal(0, 1, around.shape)
    units = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    entry = Entry(Candidate(name="made"), config(), None)
    embedded = units, images.source
    return Member(entry, 1, 1.0, None, embedded, scores(embedded, SPLIT))


def test_one_that_is_better_by_chance_is_not_preferred(images):
    rough = [result(images, 0.8, seed) for seed in range(6)]
    best, *others = sorted(rough, key=lambda each: each.score.total)
    assert best.score.total < others[-1].score.total
    assert all(is_as_good(best, each, SPLIT) for each in others)
    assert sum(is_as_good(each, best, SPLIT) for each in others) >= 2


def test_one_that_is_clearly_better_is_preferred(images):
    assert not is_as_good(result(images, 1.5), result(images, 0.2), SPLIT)


def test_one_without_errors_is_as_good_as_another(images):
    assert is_as_good(result(images, 0.01), result(images, 0.02), SPLIT)


def test_images_that_were_not_located_count_as_errors(images):
    whole = result(images, 0.01)
    vectors, source = whole.embedded
    few = vectors.copy()
    few[::4] = np.nan
    lost = few, source
    partly = replace(whole, embedded=lost, scores=scores(lost, SPLIT))
    assert whole.score.eer == 0
    assert partly.score.eer > 0.1
    assert not is_as_good(partly, whole, SPLIT)
    assert is_as_good(whole, partly, SPLIT)


def test_a_training_that_failed_is_not_compared(images):
    failed = Member(result(images, 0.2).entry, 1, 1.0, None, None, {})
    with pytest.raises(ValueError, match="failed"):
        is_as_good(failed, result(images, 0.2), SPLIT)


@pytest.mark.parametrize(("noise", "is_kin"), [(0.3, True), (3.0, False)])
def test_a_folder_is_of_an_encoders_kind_where_it_errs_little_on_all_identities(
    noise, is_kin, images
):
    assert is_of_its_kind(result(images, noise)) is is_kin
