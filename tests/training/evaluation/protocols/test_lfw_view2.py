from dataclasses import replace

import numpy as np
import pytest

from model.manifest import Aspect, InputSpec, Metric
from tests.training.evaluation.protocols.conftest import Pixels
from tests.training.synthetic import image_set
from training.data.split import IdentitySplit
from training.errors import DataError
from training.evaluation.protocols.lfw_view2 import NAME, build
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer

CALIBRATION = tuple(f"c{i}" for i in range(6))
TESTED = ("t0", "t1", "t2")
PAIRS = (
    ("t0/0.png", "t0/1.png", True),
    ("t1/1.png", "t1/2.png", True),
    ("t0/0.png", "t1/0.png", False),
    ("t1/0.png", "t2/2.png", False),
    ("t2/1.png", "t0/2.png", False),
)
OTHERS = (("o0/0.png", "o1/0.png", False),)
IMAGES = replace(
    image_set(dict.fromkeys(CALIBRATION, 3) | dict.fromkeys([*TESTED, "o0", "o1"], 3)),
    pair_folds=(OTHERS, PAIRS),
)


class Numbers:
    """Embeds each image in the next number given, in the order in which images are asked for."""

    def __init__(self, *batches):
        self.batches = list(batches)

    def embed(self, images):
        batch = self.batches.pop(0)
        assert len(batch) == len(images)
        return np.float32(batch)[:, np.newaxis]


def system_with(encoder, images=IMAGES, test=TESTED):
    return SystemUnderTest(
        comparer=EmbeddingComparer(encoder.embed, Metric.L2),
        spec=InputSpec(width=24, height=24, channels=1, aspect=Aspect.STRETCH),
        images=images,
        split=IdentitySplit(("o0", "o1"), CALIBRATION, test),
    )


def test_embeddings_that_tell_people_apart_decide_rightly():
    (figure,) = build()(system_with(Pixels()))
    assert (figure.name, figure.value, figure.trials) == (NAME, 1.0, 5)
    assert figure.standard_error is None


# The eight images of the fold, on a line, and the energies of PAIRS by hand.
ON_A_LINE = [0.0, 3.0, 9.0, 6.0, 6.5, 7.0, 8.5, 10.0]
BY_HAND = [3.0, 0.5, 6.0, 4.0, 0.5]


@pytest.mark.parametrize(("within", "between"), [(0.0, 2.0), (0.0, 7.5), (1.0, 7.0), (0.0, 100.0)])
def test_the_threshold_is_that_of_the_calibration_people_alone(within, between):
    # Images of a person lie `within` apart, people so far apart that their least energy is
    # `between`: every threshold from one to the other is right for them, and the middle is taken.
    calibration = [
        person * (between + 2 * within) + image * within
        for person in range(len(CALIBRATION))
        for image in range(3)
    ]
    threshold = (2 * within + between) / 2
    (figure,) = build(threshold_pairs=4000)(system_with(Numbers(ON_A_LINE, calibration)))
    kinds = [same for *_, same in PAIRS]
    right = [(e <= threshold) == same for e, same in zip(BY_HAND, kinds, strict=True)]
    assert figure.value == pytest.approx(sum(right) / 5)


def test_a_person_with_many_images_has_no_more_weight_in_the_threshold():
    # Of the genuine pairs 1/8 have energy 5, if people count alike, and the others at most 1; of
    # the impostor pairs 5/12 have an energy from 3 to 5: the best threshold is 2. If images count
    # alike it lies beyond 5, for half of the genuine pairs lie there, and few of the impostors.
    few = ["few0", "few1", "few2"]
    counts = {"many": 40} | dict.fromkeys(few, 2) | dict.fromkeys(TESTED, 3)
    images = replace(image_set(counts), pair_folds=(PAIRS,))
    calibration = [8.0, 9.0, 12.0, 13.0, 16.0, 17.0] + [0.0, 5.0] * 20
    # Genuine energies of 1, impostor energies of 4.5.
    fold = [0.0, 1.0, 5.5, 4.5, 20.0, 21.0, 10.0, 9.0]
    system = replace(
        system_with(Numbers(fold, calibration), images),
        split=IdentitySplit((), (*few, "many"), TESTED),
    )
    (figure,) = build()(system)
    assert figure.value == 1


def test_people_who_are_not_those_of_a_fold_are_refused():
    for test in (("t0", "t1"), (*TESTED, "o0")):
        with pytest.raises(DataError, match="are not those of a fold"):
            build()(system_with(Pixels(), test=test))
    with pytest.raises(DataError, match="folds faces_view2"):
        build()(system_with(Pixels(), images=replace(IMAGES, pair_folds=())))


def test_an_image_that_cannot_be_read_is_an_error():
    broken = [replace(i, read=lambda: b"") if i.name == "t0/1.png" else i for i in IMAGES]
    with pytest.raises(DataError, match="cannot be read"):
        build()(system_with(Pixels(), images=replace(IMAGES, images=tuple(broken))))


@pytest.mark.parametrize("pairs", [0, 3, 1_000_002])
def test_the_number_of_pairs_is_bounded(pairs):
    with pytest.raises(ValueError, match="even number from 2"):
        build(threshold_pairs=pairs)
