import numpy as np
import onnx
import pytest
import torch

from model.golden import check_golden_candidates
from model.locating.locator import Locator
from model.locating.squares import Located
from tests.training.locator import signs
from training.errors import ExportError
from training.inference.onnx_runtime import OnnxLocator
from training.locator import trials
from training.locator.network import squares
from training.locator.training_run import check_agreement


def peaks(network, picture):
    """The candidates of one picture, by a search of each cell's neighbours."""
    pixels = torch.from_numpy(picture[np.newaxis]).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        found = squares(network(pixels))[0].numpy()
    score = np.pad(found[0], 1, constant_values=-1)
    kept = [
        found[:, row, column]
        for row in range(found.shape[1])
        for column in range(found.shape[2])
        if score[row + 1, column + 1] == score[row : row + 3, column : column + 3].max()
    ]
    return np.array(sorted(kept, key=lambda each: -each[0])[:8])


@pytest.mark.parametrize("size", [(64, 96), (32, 32)])
def test_the_graph_finds_the_peaks_of_the_network(network, trained, size):
    pictures = np.random.default_rng(1).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    answer = OnnxLocator(trained.graph).find(pictures)
    assert answer.shape == (2, 8, 5)
    for row, picture in zip(answer, pictures, strict=True):
        expected = peaks(network, picture)
        np.testing.assert_allclose(row[: len(expected)], expected, rtol=1e-3, atol=1e-3)
        assert not row[len(expected) :].any()


def test_batch_norms_are_folded(trained):
    kinds = {node.op_type for node in onnx.load_from_string(trained.graph).graph.node}
    assert "BatchNormalization" not in kinds


def test_another_graph_is_refused(network, trained):
    pictures = np.random.default_rng(2).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    found = OnnxLocator(trained.graph).find(pictures)
    check_agreement(network, found, pictures)
    with pytest.raises(ExportError, match="differ"):
        check_agreement(network, found + np.float32(0.01), pictures)


def test_new_signs_are_found_anywhere_in_a_photograph(trained):
    find = OnnxLocator(trained.graph).find
    check_golden_candidates(trained.spec.golden, find)
    locator = Locator(trained.spec.model_copy(update={"threshold": 0.05}), find)
    grey = np.full((32, 32, 3), 90, np.uint8)
    draw, errors = np.random.default_rng(3), []
    for k in range(64):
        x, y, half, turn = draw.uniform((200, 150, 90, -0.3), (440, 330, 160, 0.3))
        square = Located(1.0, x, y, half * np.cos(turn), half * np.sin(turn))
        found = locator.locate(trials.compose(signs.sign(1000 + k), grey, square))
        errors.append(trials.errors_of(found[0], square) if found else (9, 9, 90))
    centre, side, turn = np.median(errors, axis=0)
    assert centre < 0.1
    assert side < 0.3
    assert turn < 10
