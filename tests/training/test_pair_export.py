"""Run of a network of pairs, from checkpoint to bundle, evaluation and record."""

import numpy as np
import pytest
import torch

from model.bundle import open_bundle
from model.golden import check_golden_pairs
from model.manifest import Kind, Metric
from training.data.decoding import decode
from training.data.readers.folder import read_folder
from training.encoder import trained_encoder
from training.evaluation.evaluate import evaluate
from training.inference.comparer import graph_comparer
from training.inference.onnx_runtime import OnnxScorer
from training.inference.pytorch import score
from training.report.page import write_report
from training.results.record import record_run
from training.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def bundle(exported_pair):
    return open_bundle(exported_pair)


def test_the_bundle_is_a_pair_model_and_passes_its_self_check(bundle):
    manifest = bundle.manifest
    assert (manifest.kind, manifest.metric, manifest.embedding_dim) == (Kind.PAIR, Metric.NONE, 1)
    assert manifest.onnx.file == "scorer.onnx"
    check_golden_pairs(manifest.golden, manifest.input, OnnxScorer(bundle.onnx).score)


def test_the_graph_is_the_runs_network_on_real_pairs(bundle, pair_run, folder):
    run = RunFolder(pair_run)
    network = trained_encoder(run.config(), run.load_checkpoint())
    pixels = decode(read_folder(folder), bundle.manifest.input).pixels
    other = np.roll(pixels, 3, axis=0)
    expected = score(network, pixels, other, torch.device("cpu"))
    answer = OnnxScorer(bundle.onnx).score(pixels, other)
    assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()


def test_it_was_calibrated_and_tested_on_pairs_of_other_identities(bundle, pair_run, folder):
    split = RunFolder(pair_run).split()
    for part, sample in (
        (split.calibration, bundle.manifest.calibration.sample),
        (split.test, bundle.manifest.accuracy.sample),
    ):
        images = decode(read_folder(folder).of(part, 3), bundle.manifest.input)
        comparer = graph_comparer(bundle.onnx, Metric.NONE)
        assert comparer.pairs(images.pixels, images.source.labels()).sample == sample


def test_evaluating_it_again_gives_what_its_manifest_states(bundle, folder, tmp_path):
    found = evaluate(bundle, read_folder(folder))
    stated = bundle.manifest.accuracy
    assert found.same_data
    assert found.accuracy.eer == pytest.approx(stated.eer)
    assert found.accuracy.protocol == stated.protocol
    write_report(found, tmp_path)
    assert "<svg" in (tmp_path / "report.html").read_text()


def test_the_card_says_that_there_are_no_embeddings(bundle):
    text = (bundle.folder / "README.md").read_text()
    assert "no embeddings" in text
    assert "embedding of" not in text


def test_its_record_holds_the_manifests_figures(bundle, pair_run, exported_pair):
    record = record_run(RunFolder(pair_run), exported_pair)
    figures = {figure.name: figure.value for figure in record.figures}
    assert figures["EER, all pairs of the test identities"] == bundle.manifest.accuracy.eer


def test_a_histogram_of_negative_energies_holds_every_pair(bundle):
    histogram = bundle.manifest.calibration.histogram
    assert histogram.edges[0] < 0
    assert sum(histogram.genuine) == pytest.approx(1)
    assert sum(histogram.impostor) == pytest.approx(1)
