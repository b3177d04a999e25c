"""Rounds of a selection, with trainings that take no time but that of a clock."""

import io

import numpy as np
import pytest
from rich.console import Console

from tests.training.synthetic import config, image_set
from training.config.candidates import Candidate
from training.config.overrides import override
from training.data.split import IdentitySplit
from training.encoder import build_encoder
from training.selection.budget import Budget
from training.selection.member import Entry
from training.selection.progress import ChoiceProgress
from training.selection.selection import Selection
from training.selection.trial import Epoch

NAMES = tuple(f"p{i}" for i in range(16))
SPLIT = IdentitySplit(train=NAMES[:8], calibration=NAMES[8:], test=())
IMAGES = image_set(dict.fromkeys(NAMES, 4))


class FakeTrials:
    """Trials whose embeddings are as noisy as the candidate's dropout."""

    def __init__(self, now, images, slower):
        self.now, self.images, self.slower, self.trained_with = now, images, slower, []

    def settle_threads(self, _config, _fold):
        return 1

    def epoch(self, config, _fold):
        return Epoch(COSTLY if config.network.name == "convnet" else 1.0, self.images)

    def trained(self, config, fold, _weights):
        seconds = self.slower * self.epoch(config, fold).seconds
        self.now[0] += seconds * config.optimisation.epochs
        self.trained_with.append((config.optimisation.learning_rate, config.optimisation.epochs))
        failed = config.optimisation.learning_rate == 9
        return None if failed else build_encoder(config)

    def embedded(self, config, _encoder):
        rng = np.random.default_rng(config.seed)
        around = np.random.default_rng(9).normal(0, 1, (16, 8))[IMAGES.labels()]
        vectors = around + config.optimisation.learning_rate * rng.normal(0, 1, around.shape)
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return units.astype(np.float32), IMAGES


COSTLY = 3
CONVNET = 'network={"name":"convnet","options":{"widths":[4,8],"depths":[1,1],"dim":8,"unit":true}}'


def entry(rate, *more, epochs=2, preferred=False):
    candidate = Candidate(name=f"rate {rate}", preferred=preferred)
    settings = [f"learning_rate={rate}", f"epochs={epochs}", *more]
    return Entry(candidate, override(config(), settings), None)


def chosen(entries, seconds, images=2048, slower=1.0):
    now = [0.0]
    trials, budget = FakeTrials(now, images, slower), Budget(seconds, lambda: now[0])
    progress = ChoiceProgress(Console(file=io.StringIO()), budget.left, budget.clock)
    result = Selection(config(), trials, SPLIT, budget, progress).run(entries)
    return result, trials, now[0]


def test_all_candidates_are_tried_where_there_is_time():
    _, trials, spent = chosen([entry(0.3), entry(0.4), entry(0.5), entry(1.5)], 100)
    assert {rate for rate, _ in trials.trained_with} == {0.3, 0.4, 0.5, 1.5}
    assert 90 < spent <= 100


def test_only_the_first_are_tried_where_time_is_short():
    _, trials, spent = chosen([entry(rate) for rate in (0.6, 0.5, 0.4, 0.3)], 11)
    assert {rate for rate, _ in trials.trained_with} == {0.6, 0.5}
    assert {epochs for _, epochs in trials.trained_with} == {4}
    assert spent <= 11


def test_a_costly_candidate_that_does_not_fit_makes_room_for_cheaper_ones():
    _, trials, spent = chosen([entry(0.6), entry(0.5, CONVNET), entry(0.4)], 11)
    assert {rate for rate, _ in trials.trained_with} == {0.6, 0.4}
    assert spent <= 11


def test_candidates_are_compared_after_as_many_epochs_whatever_they_cost():
    _, trials, _ = chosen([entry(0.6), entry(0.5, CONVNET), entry(0.4)], 80)
    assert trials.trained_with[:3] == [(0.6, 4), (0.5, 4), (0.4, 4)]
    _, trials, _ = chosen([entry(0.6), entry(0.5, CONVNET), entry(0.4)], 27)
    assert trials.trained_with[:3] == [(0.6, 5), (0.5, 4), (0.4, 5)]


@pytest.mark.parametrize(
    ("images", "epochs"), [(2048, [4, 4, 4]), (160, [4, 4, 4]), (159, [6, 6]), (1, [6, 6])]
)
def test_the_more_identities_are_shown_the_fewer_networks_share_the_time(images, epochs):
    """Of 8 identities 80 images each are 4 epochs of 160 images, and 5 of 159."""
    _, trials, spent = chosen([entry(0.6), entry(0.5), entry(0.4)], 15, images)
    assert spent <= 15
    assert [each for _, each in trials.trained_with] == epochs


def test_time_in_which_no_other_network_becomes_mature_goes_to_those_of_the_second_round():
    _, trials, _ = chosen([entry(0.6), entry(0.5), entry(0.4, CONVNET)], 60, 107)
    assert trials.trained_with == [*[(rate, 3) for rate in (0.6, 0.5, 0.4)], (0.4, 7), (0.5, 20)]
    _, trials, _ = chosen([entry(0.6, CONVNET), entry(0.5), entry(0.4)], 60, 107)
    assert trials.trained_with[3:] == [(0.4, 16), (0.5, 16), (0.4, 11)]


@pytest.mark.parametrize(
    ("slower", "epochs"), [(1.0, [6, 6]), (1.2, [6, 5]), (1.6, [6, 3]), (1.8, [6])]
)
def test_a_training_after_one_that_took_longer_is_shortened_down_to_half(slower, epochs):
    _, trials, _ = chosen([entry(0.6), entry(0.5), entry(0.4)], 15, 1, slower)
    assert [each for _, each in trials.trained_with] == epochs


def test_without_anything_to_train_a_bundle_is_taken_as_it_is():
    result, trials, _ = chosen([entry(0.3, epochs=0), entry(0.6, epochs=0)], 30)
    assert trials.trained_with == [(0.3, 0), (0.6, 0)]
    assert result.tried[0].name == "rate 0.3"


def test_another_candidate_is_trained_in_place_of_one_that_fails():
    result, trials, _ = chosen([entry(9), entry(0.5)], 4)
    assert [rate for rate, _ in trials.trained_with][:2] == [9, 0.5]
    assert result.tried[0].name == "rate 0.5"


def test_most_of_the_time_that_is_left_goes_to_a_last_shorter_training():
    _, trials, spent = chosen([entry(0.5), entry(0.6)], 60)
    epochs = [each for _, each in trials.trained_with]
    assert epochs[-1] < max(epochs)
    assert spent > 55


@pytest.mark.parametrize(("rate", "is_chosen"), [(0.45, True), (2.0, False)])
def test_a_preferred_one_is_taken_unless_it_is_worse_or_of_another_kind(rate, is_chosen):
    result, _, _ = chosen([entry(rate, epochs=0, preferred=True), entry(0.4)], 30)
    names = {each.name for each in result.tried if each.chosen}
    assert (names == {f"rate {rate}"}) is is_chosen
