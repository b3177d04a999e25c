from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.errors import AdoptionError
from training.recipes.dlib_faces import RECIPE
from training.serving_graph.locator_folder import TrainedLocator, open_locator, write_locator
from training.serving_graph.locator_framing import framed, locator_for

FACES = "faces"
LOCATORS = Path(__file__).parents[3] / "model" / "locators"


@pytest.fixture(scope="module")
def faces():
    return open_locator(LOCATORS / FACES)


def moved(points, scale, shift):
    """Points of a crop, given in shares of the locator's square, as shares of the crop's side."""
    centre = 0.5 + np.array(shift)
    return tuple(map(tuple, ((np.array(points) - centre) / scale + 0.5).tolist()))


@pytest.mark.parametrize(
    ("scale", "shift"), [(1, (0, 0)), (0.7, (0.05, -0.1)), (1.4, (-0.02, 0.3))]
)
def test_a_template_of_a_crop_gives_that_crop(faces, scale, shift):
    found = locator_for(FACES, moved(faces.spec.template, scale, shift)).spec
    assert found.scale == pytest.approx(scale, abs=1e-9)
    assert found.shift == pytest.approx(shift, abs=1e-9)


def test_the_crop_of_dlib_is_the_one_with_the_least_squares():
    """A search over a grid around it finds nothing better."""
    spec = locator_for(FACES, RECIPE.template).spec
    points = np.array(spec.template)

    def distance(scale, right, down):
        laid = (np.array(RECIPE.template) - 0.5) * scale + 0.5 + (right, down)
        return ((laid - points) ** 2).sum()

    best = distance(spec.scale, *spec.shift)
    steps = np.linspace(-0.02, 0.02, 5)
    around = [
        distance(spec.scale + a, spec.shift[0] + b, spec.shift[1] + c)
        for a in steps
        for b in steps
        for c in steps
    ]
    assert best == pytest.approx(min(around))


def test_a_frame_out_of_bounds_is_refused(faces):
    with pytest.raises(AdoptionError, match="framed"):
        framed(faces, 100, (0, 0))


def test_a_locator_without_points_has_no_template(faces, tmp_path, monkeypatch):
    bare = TrainedLocator(faces.spec.model_copy(update={"template": None}), faces.graph)
    write_locator(bare, tmp_path / "things")
    monkeypatch.setattr("training.serving_graph.locator_folder._SHIPPED", tmp_path)
    with pytest.raises(AdoptionError, match="no points"):
        locator_for("things", RECIPE.template)


def test_a_recipe_without_a_locator_compares_whole_images():
    assert replace(RECIPE, locator=None).reading.located is None
    assert RECIPE.reading.located.spec.scale == pytest.approx(0.77, abs=0.01)
