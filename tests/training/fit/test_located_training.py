"""A config that names a locator: what is located is trained on, exported, and continued from."""

import numpy as np
import pytest

from model.bundle import open_bundle
from model.preprocessing import preprocess_located
from tests import locators
from tests.training import synthetic
from training.config.schema import TrainingConfig
from training.data.decoding import canvas_of
from training.errors import RunError
from training.export.bundle import export_run
from training.fit.plan import plan_training
from training.inference.locating import started
from training.runs.run_folder import RunFolder
from training.transfer.pretrained import open_weights


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """Pictures of marks with a pattern for each identity, and one picture without any."""
    rng = np.random.default_rng(3)

    def shown(identity):
        x, y, half, turn = rng.uniform((30, 30, 14, -20), (90, 70, 22, 20))
        return locators.picture((120, 100), locators.mark(x, y, half, turn), identity=identity)

    files = {f"id{i:02d}/{k}.png": locators.file_of(shown(i)) for i in range(16) for k in range(3)}
    nothing = locators.file_of(locators.picture((120, 100)))
    return synthetic.write_files(
        tmp_path_factory.mktemp("marks") / "data", files | {"id00/9.png": nothing}
    )


def config(**changes) -> TrainingConfig:
    small = synthetic.config(**{"epochs": 1, "locator": "marks"} | changes)
    return small.model_copy(update={"input": small.input.model_copy(update={"channels": 3})})


def test_what_is_located_is_trained_on_and_measured(marks, shipped_marks):
    plan = plan_training(config(canvas=1.5), marks)
    data, locator = (
        plan.decode(),
        started(shipped_marks),
    )
    for decoded, scale in ((data.train, 1.5), (data.calibration, 1)):
        spec = canvas_of(plan.config.input, scale)
        for image, pixels in zip(decoded.source, decoded.pixels, strict=True):
            expected, _ = preprocess_located(image.read(), spec, locator)
            np.testing.assert_array_equal(pixels, expected)


def test_the_bundle_has_the_locator_and_a_training_from_it_keeps_its_split(
    marks, shipped_marks, tmp_path
):
    synthetic.train(config(), marks, tmp_path / "run")
    export_run(RunFolder(tmp_path / "run"), tmp_path / "bundle")
    bundle = open_bundle(tmp_path / "bundle")
    assert bundle.locator == shipped_marks.graph
    assert bundle.manifest.locator.calibration.nothing + bundle.manifest.locator.test.nothing <= 1
    weights = open_weights(tmp_path / "bundle")
    again = plan_training(weights.adopted(config(seed=5)), marks, weights=weights)
    assert again.split == RunFolder(tmp_path / "run").split()
    assert again.notice.startswith("the split is that of the initial weights, bundle")
    assert again.seen == bundle.split.train


@pytest.mark.usefixtures("shipped_marks")
def test_a_locator_that_does_not_exist_is_refused_with_those_that_do(marks):
    with pytest.raises(RunError, match=r"no locator eyes; there are: marks"):
        plan_training(config(locator="eyes"), marks).decode()


def test_a_config_without_a_locator_is_written_as_before_the_field():
    assert "locator" not in synthetic.config().model_dump()
    assert config().model_dump()["locator"] == "marks"
