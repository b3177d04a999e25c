from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest

from app.encoders.buckets import Buckets
from app.encoders.onnx import load_encoder
from app.encoders.providers import CPU
from app.errors import EncodingError, ProviderError
from app.settings import Provider
from model.bundle import open_bundle
from model.errors import IntegrityError, SelfCheckError
from model.manifest import Aspect, InputSpec, Kind
from tests import fakes


def load(folder):
    return load_encoder(open_bundle(folder), Provider.CPU)


def images(n=3, seed=0):
    shape = (n, fakes.SPEC.height, fakes.SPEC.width, fakes.SPEC.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("name", ["tiny", "tiny-codes"])
def test_embeddings_are_what_the_graphs_operators_define(models_dir, name):
    embedded = load(models_dir / name).embed(images())
    expected = fakes.run_reference((models_dir / name / "encoder.onnx").read_bytes(), images())
    assert embedded.dtype == expected.dtype
    np.testing.assert_allclose(embedded, expected, atol=1e-5)


def test_it_says_what_runs_it(models_dir):
    assert load(models_dir / "tiny").provider == "CPU"


def test_many_threads_at_once_get_the_answers_of_one(models_dir):
    encoder = load(models_dir / "tiny")
    batches = [images(n=2, seed=seed) for seed in range(40)]
    alone = [encoder.embed(batch) for batch in batches]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(encoder.embed, batches))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_image_without_a_finite_embedding_is_named(tmp_path):
    encoder = load(fakes.make_bundle(tmp_path, centre=0.0))
    batch = images()
    batch[1] = 0
    with pytest.raises(EncodingError, match="image 1 of 3"):
        encoder.embed(batch)


def test_a_golden_embedding_that_is_off_is_refused(tmp_path):
    folder = fakes.make_bundle(tmp_path, golden=(0.5,) * fakes.DIM)
    with pytest.raises(SelfCheckError, match="golden embedding is off"):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"spec": InputSpec(width=28, height=32, channels=1, aspect=Aspect.PAD)}, "input is"),
        ({"dim": 9, "golden": (0.0,) * 9}, "output is"),
    ],
)
def test_a_graph_of_another_shape_than_promised_is_refused(tmp_path, changes, complaint):
    graph = fakes.encoder_graph()
    folder = fakes.make_bundle(tmp_path, graph=graph, **({"golden": (0.0,) * 8} | changes))
    with pytest.raises(SelfCheckError, match=complaint):
        load(folder)


def test_a_float_graph_cannot_pass_for_codes(tmp_path):
    folder = fakes.make_bundle(tmp_path, kind=Kind.CODES, graph=fakes.encoder_graph())
    with pytest.raises(SelfCheckError, match=r"output is tensor\(float\)"):
        load(folder)


def test_bytes_that_are_no_graph_are_refused(tmp_path):
    with pytest.raises(IntegrityError, match="not an ONNX graph: it cannot be read"):
        load(fakes.make_bundle(tmp_path, graph=b"no graph", golden=(0.0,) * fakes.DIM))


def test_a_graph_of_two_inputs_cannot_pass_for_an_encoder(tmp_path):
    graph = fakes.pair_graph()
    folder = fakes.make_bundle(tmp_path, graph=graph, golden=(0.0,) * fakes.DIM)
    with pytest.raises(SelfCheckError, match="2 inputs; the manifest promises one"):
        load(folder)


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="has CUDA"
)
def test_cuda_on_a_machine_without_it_is_an_error(models_dir):
    with pytest.raises(ProviderError, match="LIKEWISE_PROVIDER=cuda"):
        load_encoder(open_bundle(models_dir / "tiny"), Provider.CUDA)


@pytest.mark.parametrize("name", ["tiny", "tiny-codes"])
@pytest.mark.parametrize("rows", [0, 1, 3, 7])
def test_a_batch_that_is_run_in_pieces_gives_what_it_gives_whole(
    models_dir, monkeypatch, name, rows
):
    encoder, batch = load(models_dir / name), images(n=7)
    whole = encoder.embed(batch)
    monkeypatch.setattr("app.encoders.session.MAX_BYTES_ON_CPU", rows * batch[0].nbytes)
    in_pieces = encoder.embed(batch)
    assert in_pieces.dtype == whole.dtype
    np.testing.assert_allclose(in_pieces, whole, atol=1e-6)


def test_on_a_gpu_each_batch_size_is_run_by_a_session_of_its_own(models_dir, monkeypatch):
    """The way of CUDA with the CPU in its place, down to the device that inputs are kept on."""
    made = []

    def on_the_cpu(sessions, device):
        assert device == "cuda"
        made.append(Buckets(sessions, "cpu"))
        return made[0]

    plain = load(models_dir / "tiny")
    monkeypatch.setattr("app.encoders.session.CUDA", CPU)
    monkeypatch.setattr("app.encoders.session.preload_cuda_libraries", lambda: None)
    monkeypatch.setattr("app.encoders.session.Buckets", on_the_cpu)
    encoder = load(models_dir / "tiny")
    assert encoder.provider == "CUDA"
    assert made[0].sizes == [1, 4, 16, 64]
    assert len(set(map(id, made[0]._sessions.values()))) == 4
    encoder.warm(images(1))
    np.testing.assert_allclose(encoder.embed(images(70)), plain.embed(images(70)), atol=1e-5)
