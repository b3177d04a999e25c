import pytest

READING = "and checking the graph"
MEASURING = "measuring calibration and test identities"
COMMANDS = {
    "evaluate": ([], [READING, "comparing the images that the bundle has not seen"]),
    "renew": (["--to", "new"], [READING, MEASURING]),
    "calibrate": (["--to", "new", "--include-known-names"], [READING, MEASURING]),
    "convert": (["--to", "new", "--precision", "fp16"], ["and converting the graph", MEASURING]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_stage_of_a_long_command_is_told(  # noqa: PLR0913, PLR0917 (its fixtures)
    call, exported, folder, tmp_path, monkeypatch, name
):
    monkeypatch.chdir(tmp_path)
    options, expected = COMMANDS[name]
    _, out, err = call(name, exported, "--data", folder, *options)
    places = [out.find(stage) for stage in expected]
    assert -1 not in places, out + err
    assert places == sorted(places)
