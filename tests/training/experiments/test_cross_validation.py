import shutil

import numpy as np
import pytest
from rich.console import Console

from model.bundle import open_bundle
from model.manifest import Metric
from tests.training import synthetic
from training.errors import ConfigError, RunError, WeightsError
from training.evaluation.measured_value import MeasuredValue
from training.experiments.cross_validation import mean_values, plan_folds, pooled_values
from training.metrics.pairs import all_pairs
from training.registry import Component
from training.runs.run_folder import RunFolder
from training.transfer.pretrained import open_weights

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("folds")


@pytest.fixture(scope="module")
def planned(folder, out):
    config = synthetic.chopra(epochs=1, protocols=(Component(name="separation"),))
    return plan_folds(config, folder, out, folds=2)


@pytest.fixture(scope="module")
def record(planned):
    planned.train(QUIET)
    return planned.record()


def test_everybody_is_tested_by_a_bundle_that_has_not_seen_them(record, out):
    runs = [RunFolder(out / f"fold{k}" / "run") for k in range(2)]
    tests = [set(run.split().test) for run in runs]
    assert not tests[0] & tests[1]
    assert len(tests[0] | tests[1]) == 20
    for k, run in enumerate(runs):
        split = open_bundle(out / f"fold{k}" / "bundle").split
        assert split == run.split().digests()
    assert record.title == "patterns-2-folds"


def test_pairs_are_pooled_and_protocols_averaged(record):
    figures = {figure.name: figure for figure in record.figures}
    # In each fold 10 identities with 4 images.
    pairs = 2 * (10 * 6 + 45 * 16)
    assert figures["EER, pooled over 2 folds"].trials == pairs
    assert figures["FNMR at FMR 7.5 %, pooled over 2 folds"].trials == 2 * 60
    averaged = [name for name in figures if name.endswith("mean of 2 folds")]
    assert len(averaged) == 2


def test_a_call_that_was_killed_goes_on_and_ends_the_same(record, planned, out):
    shutil.rmtree(out / "fold1" / "bundle")
    assert planned.missing == (1,)
    with pytest.raises(RunError, match="folds 1 are missing"):
        planned.record()
    before = (out / "fold0" / "bundle" / "manifest.json").stat()
    planned.train(QUIET)
    assert (out / "fold0" / "bundle" / "manifest.json").stat() == before
    assert planned.record().figures == record.figures


def test_a_fold_does_not_go_on_as_another(record, folder, out):
    longer = record.config.model_copy(update={"epochs": 2})
    with pytest.raises(RunError, match="was begun with another config"):
        plan_folds(longer, folder, out, folds=2).train(QUIET)
    with pytest.raises(RunError, match="was begun with another split"):
        plan_folds(record.config, folder, out, folds=4).train(QUIET)


def test_a_bar_may_be_corrected_after_the_training(record, folder, out):
    changed = record.config.model_copy(update={"protocols": ()})
    assert plan_folds(changed, folder, out, folds=2).missing == ()


def test_weights_that_have_seen_whom_a_fold_tests_are_refused(exported, folder, tmp_path):
    with pytest.raises(WeightsError, match=r"have seen 15 .* such as id"):
        plan_folds(synthetic.config(), folder, tmp_path, folds=2, weights=open_weights(exported))


def test_a_fold_that_there_is_not_is_refused(planned):
    with pytest.raises(ConfigError, match="no fold 2; they are 0 to 1"):
        planned.train(QUIET, only=[0, 2])


def test_eight_folds_are_drawn_unless_told(folder, tmp_path):
    assert len(plan_folds(synthetic.config(), folder, tmp_path).splits) == 8


def test_the_curve_is_of_the_pooled_pairs(record):
    figures = {figure.name: figure for figure in record.figures}
    apart = np.abs(np.subtract(record.det.fmr, record.det.fnmr))
    nearest = apart.argmin()
    eer = (record.det.fmr[nearest] + record.det.fnmr[nearest]) / 2
    assert eer == pytest.approx(figures["EER, pooled over 2 folds"].value, abs=apart[nearest])
    assert "of 2 folds of the 20 identities of data, pooled" in record.det.protocol


def test_a_mean_over_folds_has_its_standard_error():
    folds = [[MeasuredValue(name="a", value=v, trials=10)] for v in (0.1, 0.2, 0.6)]
    [mean] = mean_values(folds)
    assert mean.value == pytest.approx(0.3)
    assert mean.standard_error == pytest.approx(np.std([0.1, 0.2, 0.6], ddof=1) / np.sqrt(3))
    assert mean.trials == 30


def test_one_threshold_serves_all_folds():
    def fold(shift):
        embeddings = np.float32([[0], [1], [10], [11]]) * shift
        return all_pairs(embeddings, np.array([0, 0, 1, 1]), Metric.L1)

    # Each alone is without error; together the one's genuine pairs lie among the other's impostors.
    assert next(pooled_values([fold(1)])).value == 0
    assert next(pooled_values([fold(1), fold(12)])).value > 0
