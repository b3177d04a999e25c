import pytest

from model.bundle import identity_digest
from tests.training.synthetic import image_set
from training.config.sections import SplitConfig
from training.data.split import ImageSplit, split_data, split_identities, split_images
from training.errors import DataError, SplitError

CONFIG = SplitConfig(calibration=0.2, test=0.3)


def people(several=40, single=0):
    return {f"p{i:03d}": 3 for i in range(several)} | {f"s{i:03d}": 1 for i in range(single)}


def parts(split):
    return set(split.train), set(split.calibration), set(split.test)


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_in_two_parts_and_everybody_in_one(seed):
    images = image_set(people(40, 30))
    train, calibration, test = parts(split_identities(images, CONFIG, seed))
    assert not train & calibration
    assert not train & test
    assert not calibration & test
    assert train | calibration | test == set(images.identities)


def test_identities_with_one_image_and_with_several_are_divided_in_the_same_shares():
    split = split_identities(image_set(people(40, 20)), CONFIG, 0)
    for part, share in zip(parts(split), (0.5, 0.2, 0.3), strict=True):
        assert sum(name.startswith("p") for name in part) == round(40 * share)
        assert sum(name.startswith("s") for name in part) == round(20 * share)


def test_a_seed_gives_the_same_split_and_another_seed_another():
    images = image_set(people())
    assert split_identities(images, CONFIG, 7) == split_identities(images, CONFIG, 7)
    assert split_identities(images, CONFIG, 7) != split_identities(images, CONFIG, 8)


def test_each_part_is_sorted():
    split = split_identities(image_set(people()), CONFIG, 3)
    for part in (split.train, split.calibration, split.test):
        assert list(part) == sorted(part)


OFFICIAL = frozenset({"p001", "p017", "s003"})


def test_the_official_test_people_are_the_test_part():
    images = image_set(people(40, 10), test_identities=OFFICIAL)
    split = split_identities(images, CONFIG, 0)
    assert set(split.test) == OFFICIAL
    assert len(split.calibration) == round(38 * 0.2) + round(9 * 0.2)


def test_the_official_test_people_can_be_passed_over():
    images = image_set(people(40, 10), test_identities=OFFICIAL)
    split = split_identities(images, SplitConfig(calibration=0.2, test=0.3, official=False), 0)
    assert len(split.test) == 15


def test_one_image_of_each_identity_is_an_error():
    with pytest.raises(DataError, match="each of 30 identities has one image"):
        split_identities(image_set(people(0, 30)), CONFIG, 0)


@pytest.mark.parametrize("several", [1, 3, 5])
def test_too_few_identities_are_an_error_that_says_what_is_needed(several):
    with pytest.raises(SplitError, match="20 or more, 4 images each"):
        split_identities(image_set(people(several, 30)), CONFIG, 0)


def test_the_smallest_set_that_the_message_asks_for_is_enough():
    split = split_identities(image_set(people(20)), SplitConfig(), 0)
    assert [len(part) for part in parts(split)] == [12, 4, 4]


def test_a_bundle_gets_digests_in_place_of_names():
    split = split_identities(image_set(people(20)), SplitConfig(), 0)
    assert split.digests().train == {identity_digest(name) for name in split.train}
    assert split.digests().test == {identity_digest(name) for name in split.test}


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.2)])
def test_shares_that_leave_nothing_to_train_on_are_refused(shares):
    with pytest.raises(ValueError, match="nothing to train on"):
        SplitConfig(calibration=shares[0], test=shares[1])


BY_IMAGE = SplitConfig(calibration=0.2, test=0.3, by="image")


def test_a_split_by_image_shares_out_the_images_of_every_identity():
    images = image_set({"a": 10, "b": 20, "c": 11})
    split = split_data(images, BY_IMAGE, 0)
    assert isinstance(split, ImageSplit)
    names = [split.train, split.calibration, split.test]
    assert sorted(name for part in names for name in part) == [i.name for i in images]
    counts = {
        part: [sum(n.startswith(who) for n in getattr(split, part)) for who in "abc"]
        for part in ("train", "calibration", "test")
    }
    assert counts == {"train": [5, 10, 6], "calibration": [2, 4, 2], "test": [3, 6, 3]}
    assert [split.take(images, part).identities for part in counts] == [("a", "b", "c")] * 3


def test_a_split_by_image_follows_its_seed():
    images = image_set({"a": 10, "b": 10})
    assert split_images(images, BY_IMAGE, 3) == split_images(images, BY_IMAGE, 3)
    assert split_images(images, BY_IMAGE, 3) != split_images(images, BY_IMAGE, 4)


KEPT = frozenset({"a/7.png", "a/2.png", "b/0.png", "b/9.png"})


def test_a_data_sets_own_test_images_are_the_test_part():
    images = image_set({"a": 10, "b": 10}, test_images=KEPT)
    split = split_images(images, BY_IMAGE, 0)
    assert set(split.test) == KEPT
    assert len(split.calibration) == 2 * round(8 * 0.2)
    assert set(split.take(images, "train").of("a")) == {
        i for i in images.of("a") if i.name in split.train
    }


def test_a_data_sets_own_test_images_can_be_passed_over():
    images = image_set({"a": 10, "b": 10}, test_images=KEPT)
    free = SplitConfig(calibration=0.2, test=0.3, by="image", official=False)
    assert len(split_images(images, free, 0).test) == 6


def test_an_identity_without_training_images_makes_no_closed_set():
    kept = KEPT | {f"c/{k}.png" for k in range(3)}
    images = image_set({"a": 10, "b": 10, "c": 3}, test_images=kept)
    with pytest.raises(SplitError, match="such as c, have no training image"):
        split_images(images, BY_IMAGE, 0)


def test_too_few_images_to_share_out_are_an_error():
    with pytest.raises(SplitError, match="bring more images of each"):
        split_images(image_set({"a": 4, "b": 4, "c": 4}), BY_IMAGE, 0)


def test_a_split_by_image_gives_digests_of_image_names():
    split = split_images(image_set({"a": 10, "b": 10}), BY_IMAGE, 0)
    assert split.digests().test == {identity_digest(name) for name in split.test}


def test_the_config_says_which_split_is_made():
    images = image_set(people(20))
    assert split_data(images, CONFIG, 0) == split_identities(images, CONFIG, 0)


NAMED = SplitConfig(test_identities=("p008", "p009"), calibration_identities=("p006", "p007"))


def test_identities_that_are_named_make_up_their_part():
    split = split_identities(image_set(people(10)), NAMED, 0)
    assert split.test == ("p008", "p009")
    assert split.calibration == ("p006", "p007")
    assert split.train == tuple(f"p{i:03d}" for i in range(6))


def test_with_test_identities_named_the_others_are_shared_as_ever():
    named = SplitConfig(calibration=0.25, test_identities=("p001", "p017"))
    split = split_identities(image_set(people(42), test_identities=OFFICIAL), named, 0)
    assert split.test == ("p001", "p017")
    assert len(split.calibration) == 10


def test_with_calibration_identities_named_nobody_else_calibrates():
    named = SplitConfig(test=0.25, calibration_identities=("p001", "p017"))
    split = split_identities(image_set(people(42)), named, 0)
    assert split.calibration == ("p001", "p017")
    assert len(split.test) == 10


def test_a_name_without_images_is_an_error():
    with pytest.raises(DataError, match="names p008, p009, who"):
        split_identities(image_set(people(7)), NAMED, 0)


@pytest.mark.parametrize("tested", [(), ("p002", "p017")], ids=["officially", "by name"])
def test_nobody_is_calibrated_and_tested_on(tested):
    images = image_set(people(40, 10), test_identities=OFFICIAL)
    named = SplitConfig(test_identities=tested, calibration_identities=("p017", "p018"))
    with pytest.raises(DataError, match="p017 cannot be calibrated and tested on"):
        split_identities(images, named, 0)
