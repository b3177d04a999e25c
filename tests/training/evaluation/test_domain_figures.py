"""The domain check of whole systems, of each kind, on images by formula."""

import numpy as np
import pytest

from model.domain import Domain
from model.manifest import Kind, Metric, kind_of
from tests import fakes
from training.data.decoding import decode
from training.data.source import open_data
from training.data.split import IdentitySplit, ImageSplit
from training.evaluation.domain_figures import measure_domain
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import graph_comparer

IDENTITIES = 60


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    root = tmp_path_factory.mktemp("formula")
    for identity in range(IDENTITIES):
        (root / f"id{identity:02}").mkdir()
        for take in range(2):
            file = root / f"id{identity:02}" / f"{take}.png"
            file.write_bytes(fakes.photo(identity, take))
    return open_data(root)


def system(images, metric, split):
    kind = kind_of(metric)
    graph = fakes.pair_graph() if kind is Kind.PAIR else fakes.encoder_graph(kind=kind)
    return SystemUnderTest(graph_comparer(graph, metric), fakes.SPEC, images, split)


@pytest.mark.parametrize("metric", [Metric.L2, Metric.HAMMING, Metric.NONE])
def test_every_kind_has_a_check_that_finds_noise(images, metric):
    split = IdentitySplit((), images.identities, ())
    tried = system(images, metric, split)
    fitted = measure_domain(tried, 10)
    assert (fitted.check.images, fitted.check.identities) == (2 * IDENTITIES, IDENTITIES)
    assert (fitted.check.embedding is None) is (metric is Metric.NONE)
    numbers = np.frombuffer(fitted.data, dtype="<f4")
    domain = Domain(fitted.check, numbers, kind_of(metric), fakes.SPEC)
    pixels = decode(images, fakes.SPEC).pixels
    noise = np.random.default_rng(0).integers(0, 256, pixels[:20].shape, dtype=np.uint8)
    assert domain.is_out(domain.percentiles(pixels)).mean() <= 0.05
    assert domain.is_out(domain.percentiles(noise)).all()


def test_of_a_closed_set_each_image_stands_for_itself(images):
    names = tuple(image.name for image in images.of(images.identities[:5]))
    few = images.only(names)
    assert measure_domain(system(few, Metric.L2, IdentitySplit((), few.identities, ())), 10) is None
    names = tuple(image.name for image in images)
    fitted = measure_domain(system(images, Metric.L2, ImageSplit((), names, ())), 10)
    assert (fitted.check.images, fitted.check.identities) == (2 * IDENTITIES, IDENTITIES)
