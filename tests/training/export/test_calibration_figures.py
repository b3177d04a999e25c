from dataclasses import replace

import pytest

from model.bundle import open_bundle
from tests.training import synthetic
from training.export.bundle import trained_of
from training.export.calibration_figures import calibration_figures
from training.registry import Component
from training.runs.run_folder import RunFolder


def unreadable():
    raise AssertionError("an image of the test part was read")


def test_they_are_those_of_the_bundle_and_no_test_image_is_read(run, exported):
    trained = trained_of(RunFolder(run))
    tested = set(trained.split.test)
    images = tuple(
        replace(image, read=unreadable) if image.identity in tested else image
        for image in trained.images
    )
    sealed = replace(trained, images=replace(trained.images, images=images))
    found = {each.name: each for each in calibration_figures(sealed)}
    calibration = open_bundle(exported).manifest.calibration
    assert found["calibration: EER"].value == pytest.approx(calibration.eer)
    assert found["calibration: EER"].standard_error > 0
    points = {point.target_fmr: point for point in calibration.operating_points}
    for target in (0.1, 0.05, 0.01):
        name = f"calibration: FNMR at FMR {100 * target:g} %"
        assert found[name].value == pytest.approx(points[target].calibration.fnmr)
        low, high = points[target].calibration.fnmr_interval
        assert found[name].standard_error == pytest.approx((high - low) / (2 * 1.96), rel=1e-3)


def test_protocols_are_measured_on_the_calibration_part_where_they_can_be(folder, tmp_path):
    protocols = (
        Component(name="verification", options={"pairs": 40}),
        Component(name="few_shot", options={"ways": 50}),  # More than there are identities.
    )
    config = synthetic.config(epochs=1, images_per_identity=3, protocols=protocols)
    synthetic.train(config, folder, tmp_path / "run")
    names = [each.name for each in calibration_figures(trained_of(RunFolder(tmp_path / "run")))]
    assert len([name for name in names if "verification accuracy" in name]) == 1
    assert not [name for name in names if "shot" in name]


def test_the_command_prints_them_and_writes_nothing(call, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = call("export", run, "--calibration-only")
    assert code == 0, err
    assert "calibration: EER" in out
    assert not list(tmp_path.iterdir())
    assert call("export", run)[0] != 0
