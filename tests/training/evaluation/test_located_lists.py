import numpy as np
import pytest

from model.locating.locator import Locator
from model.manifest import Aspect, InputSpec, Metric
from tests import locators
from tests.training.synthetic import write_files
from training.data.readers.folder import read_folder
from training.data.split import IdentitySplit
from training.evaluation.benchmarks import _decided
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer
from training.inference.onnx_runtime import OnnxLocator

SPEC = InputSpec(width=8, height=8, channels=3, aspect=Aspect.CROP)


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    graph = locators.locator_graph()
    locator = Locator(locators.make_spec(graph), OnnxLocator(graph).find)
    one, other = locators.mark(60, 40, 14, 20), locators.mark(30, 70, 12)
    marks = {"a/0": [one], "a/1": [one, other], "b/0": [], "b/1": [other]}
    files = {
        f"{name}.png": locators.file_of(locators.picture((120, 100), *shown))
        for name, shown in marks.items()
    }
    images = read_folder(write_files(tmp_path_factory.mktemp("lists") / "data", files))

    def embed(pixels):
        return pixels.reshape(len(pixels), -1).astype(np.float32)

    split = IdentitySplit((), (), images.identities)
    return SystemUnderTest(
        EmbeddingComparer(embed, Metric.L2), SPEC, images, split, locator=locator
    )


def test_a_pair_without_a_located_thing_has_no_energy(system):
    pairs = [
        ("a/0.png", "a/1.png", True),
        ("b/0.png", "b/1.png", True),
        ("a/0.png", "b/0.png", False),
    ]
    energies = system.listed_energies(pairs)
    assert np.isfinite(energies).tolist() == [True, False, False]


def test_every_threshold_decides_such_a_pair_wrongly():
    same = np.array([True, True, False, False])
    energies = _decided(np.array([0.5, np.nan, 0.7, np.nan]), same)
    for threshold in (0.4, 0.6, 0.8):
        right = (energies <= threshold) == same
        assert not right[1]
        assert not right[3]
    assert energies[[0, 2]].tolist() == [0.5, 0.7]
