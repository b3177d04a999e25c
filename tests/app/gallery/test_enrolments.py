import asyncio
import threading
from time import monotonic

import numpy as np
import pytest

from app.errors import ModelChangedError, OverloadedError, StoreError
from app.gallery.deadline import check_deadline
from app.gallery.enrolments import MOST_TOGETHER, Enrolments
from app.gallery.galleries import Galleries
from app.gallery.records import Encoding, Enrolment
from app.gallery.sql.opening import open_store
from app.gallery.threads import StoreThreads
from model.manifest import Metric

TINY = Encoding("tiny", "1.0.0", "a" * 64, "e" * 64, Metric.L2, 4)
OTHER = Encoding("other", "1.0.0", "a" * 64, "f" * 64, Metric.L2, 4)


def template(value=0.0):
    return Enrolment(1, np.full(4, value, np.float32))


class FakeStore:
    """A store that lists the groups it is given; a transaction waits for `free`."""

    def __init__(self):
        self.groups, self.known = [], set()
        self.free, self.refused = threading.Event(), set()
        self.free.set()

    def enrol_many(self, gallery, encoding, enrolments):
        self.free.wait(5)
        check_deadline()
        self.groups.append((gallery, encoding.model, list(enrolments)))
        if encoding is OTHER:
            raise ModelChangedError("changed")
        if self.refused & enrolments.keys():
            raise StoreError("a value that the store does not take")
        new = enrolments.keys() - self.known
        self.known |= enrolments.keys()
        return frozenset(new)


@pytest.fixture
def store():
    return FakeStore()


def run(store, test, max_waiting=1000):
    async def main():
        threads = StoreThreads(4, 100)
        enrolments = Enrolments(
            lambda call, end: threads.run_until(lambda: call(store), end), max_waiting
        )
        try:
            return await test(enrolments)
        finally:
            threads.close()

    return asyncio.run(main())


def ask(enrolments, name, gallery="people", encoding=TINY, within_s=5.0):
    return asyncio.create_task(enrolments.enrol(gallery, name, encoding, template(), within_s))


def test_enrolments_that_wait_together_are_one_transaction(store):
    async def test(enrolments):
        store.free.clear()
        first = ask(enrolments, "first")
        await asyncio.sleep(0.05)
        rest = [ask(enrolments, f"p{number}") for number in range(MOST_TOGETHER + 6)]
        await asyncio.sleep(0.05)
        assert not any(each.done() for each in (first, *rest))
        store.free.set()
        assert all(await asyncio.gather(first, *rest))
        assert not await ask(enrolments, "p3")

    run(store, test)
    assert [len(names) for _, _, names in store.groups] == [1, MOST_TOGETHER, 6, 1]


def test_a_name_that_waits_twice_is_stored_twice_in_order(store):
    async def test(enrolments):
        store.free.clear()
        asked = [ask(enrolments, name) for name in ("a", "b", "a", "c")]
        await asyncio.sleep(0.05)
        store.free.set()
        assert await asyncio.gather(*asked) == [True, True, False, True]

    run(store, test)
    assert [names for _, _, names in store.groups] == [["a", "b"], ["a", "c"]]


def test_an_error_of_a_gallery_fails_no_other_gallery(store):
    async def test(enrolments):
        changed = [ask(enrolments, name, "old", OTHER) for name in ("a", "b")]
        fine = ask(enrolments, "c")
        for each in changed:
            with pytest.raises(ModelChangedError):
                await each
        assert await fine

    run(store, test)
    assert sorted(names for _, _, names in store.groups) == [["a", "b"], ["c"]]


def test_one_that_the_store_does_not_take_fails_alone(store):
    async def test(enrolments):
        store.refused = {"b"}
        asked = [ask(enrolments, name) for name in "abc"]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert [found[0], found[2]] == [True, True]
        assert isinstance(found[1], StoreError)

    run(store, test)
    assert [names for _, _, names in store.groups] == [["a", "b", "c"], ["a"], ["b"], ["c"]]


def test_a_nearer_deadline_fails_only_its_own(store):
    async def test(enrolments):
        store.free.clear()
        patient, hasty = ask(enrolments, "patient"), ask(enrolments, "hasty", within_s=0.1)
        with pytest.raises(StoreError, match="deadline"):
            await hasty
        store.free.set()
        assert await patient

    run(store, test)
    assert [names for _, _, names in store.groups] == [["patient"]]


def test_more_than_may_wait_are_refused(store):
    async def test(enrolments):
        store.free.clear()
        waiting = [ask(enrolments, name) for name in "ab"]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await ask(enrolments, "c")
        store.free.set()
        assert all(await asyncio.gather(*waiting))
        assert await ask(enrolments, "c")

    run(store, test, max_waiting=2)


def test_a_change_that_was_answered_as_late_is_never_made_after_a_later_one(store_url, name):
    """The first one waits for a lock beyond its deadline; the second one gets the lock later."""
    real = open_store(store_url, 5.0, 4)
    real.create(name, TINY)
    locked, released = threading.Event(), threading.Event()

    def hold():
        with real._write() as connection:
            real._locked(connection, name)
            locked.set()
            released.wait(5)

    async def test():
        galleries = Galleries(real, 4, 16)
        holder = asyncio.create_task(galleries.run(lambda _: hold(), 10))
        await asyncio.to_thread(locked.wait, 5)
        with pytest.raises(StoreError, match="deadline"):
            await galleries.enrol(name, "ann", TINY, template(1), 0.2)
        second = asyncio.create_task(galleries.enrol(name, "ann", TINY, template(2), 5))
        await asyncio.sleep(0.1)
        released.set()
        assert await second
        await holder
        await asyncio.sleep(0.3)  # The thread of the first one has the lock now, if it waited.
        assert real.identity(name, "ann").template[0] == 2
        assert real.gallery(name).sizes == {1: 1}
        galleries.close()

    began = monotonic()
    asyncio.run(test())
    assert monotonic() - began < 5
