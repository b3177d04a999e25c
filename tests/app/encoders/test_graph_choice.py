import logging

import numpy as np
import pytest

from app.encoders.graph_choice import Choices, load_chosen
from app.settings import Provider, WantedPrecision
from app.telemetry.folder import metrics_folder
from model.bundle import open_bundle
from model.errors import SelfCheckError
from model.manifest import Precision
from tests import fakes, graphs

AUTO, FP32, INT8 = WantedPrecision
OFF = np.full(fakes.DIM, 0.3)
"""An embedding that the graph does not give."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle whose int8 graph is the faster one."""
    return graphs.opened(tmp_path_factory.mktemp("bundles"))


def chosen(bundle, wanted=AUTO, choices=None):
    loaded, encoder = load_chosen(bundle, Provider.CPU, wanted, choices or Choices())
    assert len(encoder.embed(np.zeros((1, 32, 24, 1), dtype=np.uint8))) == 1
    return loaded.manifest.onnx.precision


def test_the_faster_graph_is_chosen(bundle):
    assert chosen(bundle) is Precision.INT8


def test_an_int8_graph_that_is_not_faster_is_not_chosen(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    plain = fakes.encoder_graph()
    slow = graphs.opened(tmp_path, slow=False, graph=graphs.slowed(plain))
    assert chosen(slow) is Precision.FP32
    assert "and this one" in caplog.text


@pytest.mark.parametrize("wanted", [FP32, INT8])
def test_a_wanted_graph_is_taken_whatever_its_time(bundle, wanted):
    choices = Choices()
    choices.settle(bundle, Precision.INT8 if wanted is FP32 else Precision.FP32)
    assert chosen(bundle, wanted, choices) == wanted


def test_float32_answers_with_a_warning_where_int8_is_computed_wrongly(tmp_path, caplog):
    assert chosen(graphs.opened(tmp_path, golden=OFF)) is Precision.FP32
    [record] = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert "does not pass its self-check on this processor" in record.getMessage()


def test_int8_that_was_asked_for_and_is_computed_wrongly_is_an_error(tmp_path):
    with pytest.raises(SelfCheckError, match="off by"):
        chosen(graphs.opened(tmp_path, golden=OFF), INT8)


@pytest.mark.parametrize("wanted", WantedPrecision)
def test_a_bundle_of_one_graph_is_served_whatever_is_wanted(tmp_path, wanted):
    bundle = open_bundle(fakes.make_bundle(tmp_path))
    assert load_chosen(bundle, Provider.CPU, wanted, Choices())[0] is bundle


def test_the_first_choice_is_that_of_all_workers_and_later_reloads(bundle, tmp_path):
    first, second, later = (Choices(tmp_path) for _ in range(3))
    assert first.settle(bundle, Precision.FP32) is Precision.FP32
    assert second.settle(bundle, Precision.INT8) is Precision.FP32
    assert chosen(bundle, AUTO, later) is Precision.FP32
    assert chosen(bundle, AUTO, Choices()) is Precision.INT8


def test_a_choice_is_kept_in_memory_where_there_is_no_folder(bundle):
    choices = Choices()
    assert choices.known(bundle) is None
    assert choices.settle(bundle, Precision.FP32) is Precision.FP32
    assert choices.settle(bundle, Precision.INT8) is Precision.FP32


def test_a_folder_that_cannot_be_written_to_leaves_a_worker_with_its_own_choice(bundle, tmp_path):
    choices = Choices(tmp_path / "absent")
    assert choices.settle(bundle, Precision.INT8) is Precision.INT8
    assert choices.known(bundle) is Precision.INT8


def test_a_service_starts_without_the_choices_of_an_earlier_one(bundle, tmp_path):
    Choices(tmp_path).settle(bundle, Precision.FP32)
    with metrics_folder(tmp_path) as folder:
        assert Choices(folder).known(bundle) is None
        assert list(folder.iterdir()) == []
