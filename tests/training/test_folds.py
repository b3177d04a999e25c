import numpy as np
import pytest
from rich.console import Console

from model.bundle import open_bundle
from model.manifest import Metric
from tests.training import synthetic
from training.components import Component
from training.errors import RunError
from training.figures import Figure
from training.folds import cross_validate, mean_figures, pooled_figures
from training.measurement.pairs import all_pairs
from training.run import RunFolder

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("folds")


@pytest.fixture(scope="module")
def record(folder, out):
    config = synthetic.chopra(epochs=1, protocols=(Component(name="separation"),))
    return cross_validate(config, folder, 2, out, QUIET)


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


def test_the_curve_is_of_the_pooled_pairs(record):
    figures = {figure.name: figure for figure in record.figures}
    apart = np.abs(np.subtract(record.det.fmr, record.det.fnmr))
    nearest = apart.argmin()
    eer = (record.det.fmr[nearest] + record.det.fnmr[nearest]) / 2
    assert eer == pytest.approx(figures["EER, pooled over 2 folds"].value, abs=apart[nearest])
    assert "of 2 folds of the 20 identities of data, pooled" in record.det.protocol


def test_a_folder_of_other_folds_is_refused(record, folder, out):
    other = record.config.model_copy(update={"epochs": 2})
    with pytest.raises(RunError, match="begun with another config"):
        cross_validate(other, folder, 2, out, QUIET)


def test_a_call_that_was_killed_goes_on_and_ends_the_same(record, folder, out):
    again = cross_validate(record.config, folder, 2, out, QUIET)
    assert again.figures == record.figures


def test_a_mean_over_folds_has_its_standard_error():
    folds = [[Figure(name="a", value=v, trials=10)] for v in (0.1, 0.2, 0.6)]
    [mean] = mean_figures(folds)
    assert mean.value == pytest.approx(0.3)
    assert mean.standard_error == pytest.approx(np.std([0.1, 0.2, 0.6], ddof=1) / np.sqrt(3))
    assert mean.trials == 30


def test_one_threshold_serves_all_folds():
    def fold(shift):
        embeddings = np.float32([[0], [1], [10], [11]]) * shift
        return all_pairs(embeddings, np.array([0, 0, 1, 1]), Metric.L1)

    # Each alone is without error; together the one's genuine pairs lie among the other's impostors.
    assert next(pooled_figures([fold(1)])).value == 0
    assert next(pooled_figures([fold(1), fold(12)])).value > 0
