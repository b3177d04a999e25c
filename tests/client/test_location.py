"""Models with a locator, as the client and the command `likewise` show them."""

import json

import likewise_client as lc
import numpy as np
import pytest
from likewise_client.in_process import in_process
from likewise_client.shell.main import main

from tests import fakes, locators
from tests.locators import TEMPLATE, file_of, mark, picture

TRUE = mark(150, 110, 50, 20)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    locators.with_locator(fakes.make_bundle(folder / "bundles"))
    for name, marks in {
        "one.png": [TRUE],
        "moved.png": [mark(90, 100, 30, -15)],
        "crowd.png": [TRUE, mark(260, 180, 25)],
        "nothing.png": [],
    }.items():
        (folder / name).write_bytes(file_of(picture((320, 240), *marks)))
    return folder


@pytest.fixture(autouse=True)
def _in_this_process(place, monkeypatch):
    monkeypatch.setenv("LIKEWISE_MODELS_DIR", str(place / "bundles"))
    monkeypatch.setenv("LIKEWISE_DEFAULT_MODEL", "tiny")
    monkeypatch.chdir(place)


def test_a_client_gets_what_was_located_and_may_send_its_own_landmarks():
    with in_process() as service:
        one, other = service.verify("one.png", "moved.png").located
        assert one.others == other.others == 0
        assert np.abs(np.array(one.corners) - np.array(TRUE.corners)).max() < 5
        points = np.array(TRUE.points(TEMPLATE))
        found = service.verify("crowd.png", "moved.png", landmarks1=points).located
        assert (found[0].score, found[0].others) == (None, None)
        assert np.abs(np.array(found[0].points) - points).max() < 0.02
        embedded = service.embed(["crowd.png", "one.png", "crowd.png"], face="largest")
        assert [each.others for each in embedded.located] == [1, 0, 1]
        apart = service.embed(["crowd.png", "one.png"], face="largest", images_a_call=1)
        assert apart.located == embedded.located[:2]
        with pytest.raises(lc.ImageRefused, match="2 things"):
            service.verify("crowd.png", "one.png")
        with pytest.raises(lc.ImageRefused, match="nothing is located"):
            service.embed(["nothing.png"])
        with pytest.raises(lc.ChoiceRefused, match="shape of the template"):
            service.preview("one.png", landmarks=points[[1, 0, 2, 4, 3]])
        assert service.models()[0].locates
        assert service.model("tiny").locator.template == TEMPLATE


def test_the_command_takes_a_rule_for_several_things(capsys):
    assert main(["verify", "crowd.png", "one.png"]) == 2
    assert "2 things are located" in capsys.readouterr().err
    assert main(["--json", "verify", "crowd.png", "one.png", "--face", "largest"]) == 0
    located = json.loads(capsys.readouterr().out)["located"]
    assert [each["others"] for each in located] == [1, 0]
    wanted = ["--json", "embed", "crowd.png", "--face", "central", "-o", "rows.npy"]
    assert main(wanted) == 0
    assert json.loads(capsys.readouterr().out)["located"][0]["others"] == 1
