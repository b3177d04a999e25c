"""A candidate that finds the thing first: where it is tried, and what it is measured on."""

import io

import numpy as np
import pytest
from rich.console import Console

from model.bundle import open_bundle
from model.locating.locator import Pick
from model.preprocessing import preprocess_located
from tests import locators
from tests.training import synthetic
from training.config.candidates import Candidate
from training.config.overrides import override
from training.configs import own_folder
from training.data.decoding import canvas_of
from training.data.image_set import ImageSet, LabelledImage
from training.data.split import IdentitySplit
from training.encoder import build_encoder
from training.fit.progress import Progress
from training.inference.locating import started
from training.selection import plan
from training.selection.image_pool import ImagePool
from training.selection.locating import suited
from training.selection.member import Entry
from training.selection.progress import ChoiceProgress
from training.selection.trial import Trials, held_out, score
from training.serving_graph import locator_folder

NAMES = tuple(f"id{i:02d}" for i in range(10))
SPLIT = IdentitySplit(train=NAMES[:5], calibration=NAMES[5:], test=())


@pytest.fixture
def locator(shipped_marks):
    """The only shipped locator, `marks`, ready to run."""
    return started(shipped_marks)


def config(**changes):
    small = synthetic.config(**{"canvas": 1.5} | changes)
    return small.model_copy(update={"input": small.input.model_copy(update={"channels": 3})})


def picture(kind, seed):
    """A picture with one mark, two, or none."""
    rng = np.random.default_rng(seed)
    places = [(30, 40), (90, 60)][: {"one": 1, "two": 2, "none": 0}[kind]]
    marks = [locators.mark(x, y, 18, rng.uniform(-20, 20)) for x, y in places]
    return locators.file_of(locators.picture((120, 100), *marks))


def images(*kinds):
    """Pictures of ten identities, of each as many as kinds are given, and of those kinds."""
    found = []
    for number, name in enumerate(NAMES):
        for place, kind in enumerate(kinds):
            file = picture(kind, 10 * number + place)
            found.append(LabelledImage(f"{name}/{place}-{kind}", name, lambda file=file: file))
    return ImageSet("marks", tuple(found))


def is_tried(entry, images):
    """Whether a candidate is tried on some images, and what is said of it."""
    out = io.StringIO()
    tried = suited([entry], images, ChoiceProgress(Console(file=out, width=200), lambda: 60))
    return tried == [entry], out.getvalue()


def entry(**changes):
    return Entry(Candidate(name="found"), config(**changes), None)


@pytest.mark.usefixtures("locator")
def test_a_candidate_is_tried_where_its_locator_finds_one_thing_in_nearly_all_images():
    tried, said = is_tried(entry(locator="marks"), images("one", "one"))
    assert tried
    assert said == "found: one thing is located in 20 of 20 images\n"


@pytest.mark.usefixtures("locator")
@pytest.mark.parametrize("other", ["none", "two"])
def test_a_candidate_is_not_tried_where_its_locator_finds_nothing_or_several_things(other):
    tried, said = is_tried(entry(locator="marks"), images("one", other))
    assert not tried
    assert said.startswith("not tried: found, whose locator finds one thing in 10 of 20 images")


def test_a_candidate_without_a_locator_is_tried_on_anything():
    assert is_tried(entry(), images("none")) == (True, "")


def test_a_pool_measures_what_is_located_and_trains_on_the_central_thing(locator):
    pool = ImagePool(images("one", "two", "none"))
    made = config(locator="marks")
    data = pool.training_data(made, SPLIT)
    assert {image.name[-3:] for image in data.calibration.source} == {"one"}
    assert {image.name[-3:] for image in data.train.source} == {"one", "two"}
    cases = ((data.train, canvas_of(made.input, 1.5)), (data.calibration, made.input))
    for decoded, spec in cases:
        for image, pixels in zip(decoded.source, decoded.pixels, strict=True):
            expected, _ = preprocess_located(image.read(), spec, locator, Pick.CENTRAL)
            np.testing.assert_array_equal(pixels, expected)


@pytest.mark.usefixtures("locator")
def test_a_pool_holds_whole_images_beside_located_ones():
    pool = ImagePool(images("one"))
    located = pool.measured(config(locator="marks"), config().input, NAMES).pixels
    whole = pool.measured(config(), config().input, NAMES).pixels
    assert located.shape == whole.shape
    assert not np.array_equal(located, whole)


@pytest.mark.usefixtures("locator")
def test_an_image_that_is_not_located_has_a_row_without_numbers():
    everything, made = images("one", "two", "one"), config(locator="marks")
    trials = Trials(ImagePool(everything), Progress())
    vectors, embedded = trials.embedded(made, build_encoder(made))
    assert embedded.images == everything.images
    lost = np.isnan(vectors).all(axis=1)
    assert [image.name for image, is_lost in zip(embedded, lost, strict=True) if is_lost] == [
        f"{name}/1-two" for name in NAMES
    ]
    np.testing.assert_allclose(np.linalg.norm(vectors[~lost], axis=1), 1, atol=1e-5)
    whitened, labels = held_out((vectors, embedded), SPLIT, 0.5)
    assert np.isnan(whitened).all(axis=1).sum() == 5
    assert score(whitened, labels).eer > 0.1


@pytest.mark.parametrize("candidate", own_folder.CANDIDATES, ids=lambda each: each.name)
def test_a_candidate_of_own_folder_locates_as_the_bundle_that_it_starts_from(candidate):
    made = override(own_folder.CONFIG, candidate.settings)
    if candidate.start is None:
        assert made.locator is None
        return
    folder = next(each for each in plan._SHIPPED if (each / candidate.start).is_dir())
    shipped = open_bundle(folder / candidate.start).locator
    own = None if made.locator is None else locator_folder.shipped_locator(made.locator).graph
    assert shipped == own
