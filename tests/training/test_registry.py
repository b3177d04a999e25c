import importlib
from pathlib import Path

import pytest

import training
from training.errors import ConfigError
from training.registry import Component, Part, build, names


@pytest.mark.parametrize("part", Part)
def test_the_parts_are_the_files(part):
    files = (Path(training.__file__).parent / part.value.replace(".", "/")).glob("[!_]*.py")
    assert names(part) == sorted(file.stem for file in files)
    for name in names(part):
        assert callable(importlib.import_module(f"training.{part.value}.{name}").build)


@pytest.mark.parametrize("name", ["tripplet", "", "__init__", "../config", "exponential.build"])
def test_an_unknown_part_is_an_error_that_lists_those_that_exist(name):
    with pytest.raises(ConfigError, match=r"there are: .*cosface, .*exponential"):
        build(Part.LOSS, Component(name=name))


def test_an_unknown_option_is_an_error_that_lists_those_that_exist():
    with pytest.raises(ConfigError, match="no option margins; it has: margin, scale"):
        build(Part.LOSS, Component(name="cosface", options={"margins": 0.1}), dim=4, identities=3)


def test_what_the_trainer_gives_is_no_option():
    with pytest.raises(ConfigError, match="no option dim"):
        build(Part.LOSS, Component(name="cosface", options={"dim": 9}), dim=4, identities=3)


def test_a_value_that_is_refused_is_an_error_that_says_why():
    with pytest.raises(ConfigError, match="must be positive"):
        build(Part.LOSS, Component(name="exponential", options={"q": -1}), dim=4, identities=3)


def test_an_option_that_is_missing_is_an_error_that_names_it():
    with pytest.raises(ConfigError, match="'q'"):
        build(Part.LOSS, Component(name="exponential"), dim=4, identities=3)


def test_a_part_takes_of_the_context_what_it_names():
    loss = build(Part.LOSS, Component(name="exponential", options={"q": 8}), dim=4, identities=3)
    assert loss.q == 8


def test_a_helper_beside_the_parts_is_no_part(tmp_path, monkeypatch):
    (tmp_path / "_shared.py").write_text("")
    (tmp_path / "fresh.py").write_text("def build(): return 'fresh'")
    package = importlib.import_module("training.losses")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    assert "fresh" in names(Part.LOSS)
    assert "_shared" not in names(Part.LOSS)
    with pytest.raises(ConfigError, match="there is no losses/_shared"):
        build(Part.LOSS, Component(name="_shared"))
