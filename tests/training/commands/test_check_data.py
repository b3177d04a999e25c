import json

from tests.training import synthetic


def test_usable_data_is_exit_code_0_and_its_figures_are_shown(call, folder):
    code, out, err = call("check-data", folder)
    assert code == 0, err
    rows = [line.split("│") for line in out.splitlines() if "│" in line]
    cells = {row[1].strip(): row[2].strip() for row in rows}
    assert cells["identities"] == "20"
    assert cells["images"] == "80"
    assert cells["test part (own_folder, seed 1)"].startswith("5 identities")
    assert "training accepts this data" in out


def test_a_fault_of_labelling_is_named(call, tmp_path):
    files = synthetic.files_of(20, 2)
    files["id03/copy.png"] = files["id02/0.png"]
    code, out, _ = call("check-data", synthetic.write_files(tmp_path / "[d]", files))
    assert code == 0
    assert "the same file, under several identities" in out
    assert "id02/0.png, id03/copy.png" in out


def test_what_training_would_refuse_is_exit_code_1_with_the_reason(call, tmp_path):
    data = synthetic.write_files(tmp_path / "few", synthetic.files_of(3, 2))
    code, out, _ = call("check-data", data)
    assert code == 1
    assert "training would refuse it: " in out
    assert "bring more identities" in out


def test_json_is_for_programs(call, folder, tmp_path):
    code, out, _ = call("check-data", folder, "--json", "--seed", 9)
    document = json.loads(out)
    assert code == 0
    assert document["usable"] is True
    assert (document["images"], document["seed"]) == (80, 9)
    code, out, _ = call("check-data", tmp_path / "nothing", "--json")
    assert code == 1
    assert "does not exist" in json.loads(out)["reason"]
    code, _, err = call("check-data", tmp_path / "nothing")
    assert code == 1
    assert err.startswith("training: ")
