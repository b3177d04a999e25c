from pathlib import Path

import numpy as np
import pytest

from model.bundle import open_bundle
from model.manifest import Aspect, InputSpec, Metric
from training.data.split import IdentitySplit
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer
from training.results import record
from training.runs.run_folder import RunFolder


@pytest.fixture(scope="session")
def system(run, exported):
    """The exported bundle, with its data and split."""
    return record.exported_system(RunFolder(run), open_bundle(exported))


class Pixels:
    """An encoder that gives the pixels themselves, each standing out from the image's mean."""

    def embed(self, images):
        flat = images.reshape(len(images), -1).astype(np.float32)
        return flat - flat.mean(axis=1, keepdims=True)


@pytest.fixture
def system_of():
    """Makes a system that has some identities of an image set to test on."""

    def make(images, test, data=Path("nowhere"), encoder=None):
        rest = tuple(name for name in images.identities if name not in set(test))
        return SystemUnderTest(
            comparer=EmbeddingComparer((encoder or Pixels()).embed, Metric.L2),
            spec=InputSpec(width=24, height=24, channels=1, aspect=Aspect.STRETCH),
            images=images,
            split=IdentitySplit(rest, (), tuple(sorted(test))),
            data=data,
        )

    return make
