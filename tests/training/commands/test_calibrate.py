import re
import shlex

from model.bundle import open_bundle
from tests.training import synthetic


def test_evaluate_on_other_data_offers_the_command_that_fits_the_thresholds(
    call, exported, tmp_path
):
    files = {f"new-{name}": data for name, data in synthetic.files_of(12, 3).items()}
    data = synthetic.write_files(tmp_path / "other", files)
    _, out, _ = call("evaluate", exported, "--data", data)
    offered = re.search(r"python -m training (calibrate .* --to) DIR", out)[1]
    code, out, err = call(*shlex.split(offered), tmp_path / "fitted")
    assert code == 0, err
    assert "fitted 0.1.1, calibrated on 6 identities" in out
    manifest = open_bundle(tmp_path / "fitted").manifest
    assert f"{manifest.calibration.operating_points[0].threshold:.4g}" in out
    code, out, err = call("evaluate", tmp_path / "fitted", "--data", data)
    assert code == 0, err
    assert "not the data" not in out
