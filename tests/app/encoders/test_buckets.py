from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest

from app.encoders.buckets import Buckets, bucket_sizes
from model.manifest import Kind
from tests import fakes


def session(**choices):
    graph = fakes.encoder_graph(**choices)
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def buckets_of(most, open_session=session, **choices):
    return Buckets({size: open_session(**choices) for size in bucket_sizes(most)}, "cpu")


def images(n, seed=0):
    shape = (n, fakes.SPEC.height, fakes.SPEC.width, fakes.SPEC.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("most", "sizes"),
    [(1, (1,)), (2, (1, 2)), (16, (1, 4, 16)), (24, (1, 4, 16, 24)), (64, (1, 4, 16, 64))],
)
def test_the_sizes_are_powers_of_four_and_the_largest(most, sizes):
    assert bucket_sizes(most) == sizes


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9, 23])
def test_padding_and_cutting_change_no_answer(count):
    plain = session()
    buckets = buckets_of(8)
    expected = plain.run(None, {"images": images(count)})[0]
    np.testing.assert_allclose(buckets.run(images(count)), expected, atol=1e-6)
    # Again, over memory that holds other rows from before.
    other = plain.run(None, {"images": images(count, seed=1)})[0]
    np.testing.assert_allclose(buckets.run(images(count, seed=1)), other, atol=1e-6)


def test_an_answer_is_not_overwritten_by_the_next_run():
    buckets = buckets_of(4)
    first = buckets.run(images(3))
    kept = first.copy()
    buckets.run(images(3, seed=5))
    np.testing.assert_array_equal(first, kept)


def test_a_session_only_ever_runs_its_own_size_and_warming_runs_each():
    ran = []

    class Noting:
        """A session that notes the rows of each run."""

        def __init__(self):
            self._inner = session()

        def __getattr__(self, name):
            return getattr(self._inner, name)

        def run_with_iobinding(self, binding):
            self._inner.run_with_iobinding(binding)
            ran.append((self, len(binding.get_outputs()[0].numpy())))

    buckets = buckets_of(20, Noting)
    buckets.warm(images(1))
    assert [rows for _, rows in ran] == [1, 4, 16, 20]
    warmed = set(ran)
    for count in range(1, 50):
        buckets.run(images(count))
    assert set(ran) == warmed


def test_many_threads_at_once_get_their_own_answers():
    plain, buckets = session(), buckets_of(4)
    batches = [images(n % 7 + 1, seed=n) for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(buckets.run, batches))
    for batch, answer in zip(batches, answers, strict=True):
        expected = plain.run(None, {"images": batch})[0]
        np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_codes_keep_their_type():
    answer = buckets_of(4, kind=Kind.CODES).run(images(3))
    assert answer.dtype == np.uint8
