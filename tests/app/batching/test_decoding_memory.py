import threading
import time

import pytest

from app.batching.decoding_memory import DecodingMemory
from app.errors import OverloadedError
from model.errors import ImageTooLargeError

PATIENCE_S = 20


def test_an_image_of_more_than_there_ever_is_is_too_large():
    memory = DecodingMemory(100_000_000, PATIENCE_S)
    with pytest.raises(ImageTooLargeError, match=r"takes 200 MB .* at most 100 MB"):
        memory.hold(200_000_000).__enter__()
    assert memory.held == 0


def test_bytes_are_given_back_also_after_an_error():
    memory = DecodingMemory(100, PATIENCE_S)

    def fail():
        with memory.hold(100):
            assert memory.held == 100
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert memory.held == 0


def test_who_has_waited_too_long_is_told_to_try_later():
    memory = DecodingMemory(100, 0.01)
    with memory.hold(60), pytest.raises(OverloadedError, match="try again"):
        memory.hold(60).__enter__()
    with memory.hold(100):
        pass


def test_a_large_image_is_not_starved_by_small_ones():
    memory, order = DecodingMemory(100, PATIENCE_S), []

    def decode(cost):
        with memory.hold(cost):
            order.append(cost)

    with memory.hold(50):
        threads = []
        for waiting, cost in enumerate((100, 10, 20), start=1):
            threads.append(threading.Thread(target=decode, args=(cost,)))
            threads[-1].start()
            while len(memory._queue) < waiting:
                time.sleep(0.001)
        assert order == []
    for thread in threads:
        thread.join(PATIENCE_S)
    assert order[0] == 100
    assert sorted(order) == [10, 20, 100]


def test_never_more_than_the_limit_is_held_and_everyone_gets_a_turn():
    memory, most, done = DecodingMemory(100, PATIENCE_S), [0], []

    def decode(seed):
        for step in range(50):
            with memory.hold(1 + (seed * 37 + step * 61) % 100):
                most[0] = max(most[0], memory.held)
        done.append(seed)

    threads = [threading.Thread(target=decode, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert sorted(done) == list(range(16))
    assert 0 < most[0] <= 100
    assert memory.held == 0
