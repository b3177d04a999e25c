"""Figures that are stored with recipes, and what the manual quotes of them."""

import zipfile
from pathlib import Path

import pytest

from model.manifest import Manifest, Seen
from training.adoption.recipe import load_recipe, recipe_names
from training.adoption.stored_figures import figures_file

ROOT = Path(__file__).parents[3]
STORED = [name for name in recipe_names() if figures_file(load_recipe(name)).exists()]


def manifest_of(name):
    with zipfile.ZipFile(figures_file(load_recipe(name))) as archive:
        return Manifest.model_validate_json(archive.read("manifest.json"))


@pytest.mark.parametrize("name", STORED)
def test_stored_figures_are_of_their_recipe_and_small(name):
    recipe, manifest = load_recipe(name), manifest_of(name)
    assert figures_file(recipe).stat().st_size < 600_000
    assert manifest.adoption.sha256 == recipe.graph_sha256
    assert manifest.adoption.declared == recipe.declared.in_words
    assert manifest.adoption.licence == recipe.licence
    assert manifest.adoption.training_data == recipe.training_data
    assert manifest.card.summary == recipe.summary
    assert manifest.seen is Seen.UNKNOWN


def test_the_manual_quotes_the_stored_figures():
    manifest = manifest_of("dlib-faces")
    by_target = {p.target_fmr: p.test for p in manifest.calibration.operating_points}
    rate, low = by_target[0.01].fnmr, by_target[0.001].fnmr
    start, end = by_target[0.01].fnmr_interval
    pairs = manifest.accuracy.benchmarks[0]
    row = (
        f"| `dlib-faces` | {manifest.accuracy.eer:.1%} | {rate:.1%} ({start:.1%} – {end:.1%}) "
        f"| {low:.1%} | {pairs.value:.1%} ± {pairs.standard_error:.1%} |"
    ).replace("%", " %")
    assert row in (ROOT / "docs/adopt.md").read_text()
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"LFW is {100 * manifest.accuracy.eer:.1f} %; whether" in readme
