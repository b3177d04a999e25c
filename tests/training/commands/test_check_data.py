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


def test_ten_classes_are_accepted_only_with_warnings(call, tmp_path):
    data = synthetic.write_files(tmp_path / "ten", synthetic.files_of(10, 6))
    code, out, _ = call("check-data", data)
    assert code == 0
    assert "warning: the test part has 2 identities" in out
    assert "warning: the calibration part has 2 identities: no target FMR" in out
    assert out.strip().endswith("training accepts this data, but see the warnings above")


def test_what_the_data_can_support_is_told_at_the_end(call, tmp_path):
    data = synthetic.write_files(tmp_path / "many", synthetic.files_of(60, 2))
    code, out, _ = call("check-data", data)
    assert code == 0
    *_, targets, intervals, training, verdict = out.strip().splitlines()
    assert targets == (
        "target FMRs that it can support: "
        "0.1: expected, 0.05: expected, 0.01: possible, 0.001: no, 0.0001: no"
    )
    assert intervals.startswith("95 % intervals to expect: FMR 5.00% is ")
    assert training.startswith("which training: with 30 identities to train on, train own_folder")
    assert verdict == "training accepts this data"


def test_files_that_are_left_out_and_empty_identities_are_told(call, tmp_path):
    files = synthetic.files_of(40, 2) | {"lost/1.mov": b"x", "broken/1.png": b"x"}
    code, out, _ = call("check-data", synthetic.write_files(tmp_path / "data", files))
    assert code == 0
    assert "1 files are no images: 1 .mov" in out
    assert "1 folders have no image, such as lost" in out
    assert "warning: 2 identities have no image that can be read" in out
    _, out, _ = call("check-data", tmp_path / "data", "--json")
    found = json.loads(out)
    assert found["left_out"] == {".mov": 1}
    assert found["without_image"] == ["lost", "broken"]


def test_one_person_in_two_folders_is_refused_and_the_rule_for_it_taken(call, tmp_path):
    files = {
        f"{name.replace('/', f'/{device}/')}": data
        for name, data in synthetic.files_of(20, 2).items()
        for device in ("phone", "webcam")
    }
    data = synthetic.write_files(tmp_path / "data", files)
    code, _, err = call("check-data", data)
    assert code == 1
    assert "40 folders have the name of another one, such as id00/phone and id01/phone" in err
    (data / "identity.txt").write_text("1")
    _, out, _ = call("check-data", data, "--json")
    assert json.loads(out)["identities"] == 20
    assert "20 identities have images in several folders: merged" in json.loads(out)["remarks"]
