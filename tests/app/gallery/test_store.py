import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import event, text

from app.errors import (
    GalleryExistsError,
    ModelChangedError,
    StoreError,
    UnknownGalleryError,
    UnknownIdentityError,
)
from app.gallery.records import Encoding, Enrolment, Gallery, shares
from app.gallery.sql.growth import GrowthLog
from app.gallery.sql.opening import open_backend
from app.gallery.sql.postgres import candidates
from app.gallery.sql.store import SqlStore
from model.manifest import Metric, TemplateRule
from model.scoring import energy
from model.templates import template
from tests.galleries import of_postgres

DIM = 16
FLOATS = Encoding("tiny", "1.0.0", "a" * 64, "b" * 64, Metric.L2, DIM)
SUMS = Encoding("sums", "1.0.0", "a" * 64, "c" * 64, Metric.L1, DIM)
CODES = Encoding("codes", "1.0.0", "a" * 64, "d" * 64, Metric.HAMMING, 8)


def rows(count, encoding=FLOATS, seed=0):
    random = np.random.default_rng(seed)
    if encoding.is_codes:
        return random.integers(0, 256, (count, encoding.dim), dtype=np.uint8)
    return random.standard_normal((count, encoding.dim)).astype(np.float32)


def enrol(store, gallery, encoding, templates, *, prefix="p", images=1):  # noqa: PLR0913
    for place, each in enumerate(templates):
        store.enrol(gallery, f"{prefix}{place:04d}", encoding, Enrolment(images, each))


@pytest.mark.parametrize("encoding", [FLOATS, SUMS, CODES], ids=lambda each: each.metric)
def test_the_nearest_identities_are_those_of_the_energies(store, name, encoding):
    gallery, probes = rows(120, encoding), rows(8, encoding, seed=1)
    store.create(name, encoding)
    enrol(store, name, encoding, gallery)
    for probe in probes:
        found = store.nearest(name, encoding, probe, 10).identities
        energies = energy(encoding.metric, gallery, probe)
        by_name = {f"p{place:04d}": value for place, value in enumerate(energies)}
        assert [by_name[each.name] for each in found] == sorted(energies)[:10]
        for each in found:
            place = int(each.name[1:])
            np.testing.assert_array_equal(each.template, gallery[place])
            assert each.template.dtype == gallery.dtype


def test_codes_of_one_image_and_of_several_are_found_together(store, name):
    one, several = rows(20, CODES), rows(60, CODES, seed=1).reshape(20, 3, -1)
    combined = template(TemplateRule.BIT_SHARES, several)
    store.create(name, CODES)
    enrol(store, name, CODES, one)
    enrol(store, name, CODES, combined, prefix="q", images=3)
    probe = rows(1, CODES, seed=2)[0]
    found = store.nearest(name, CODES, probe, 5)
    assert found.gallery.sizes == {1: 20, 3: 20}
    expected = {f"p{i:04d}": each for i, each in enumerate(one)}
    expected |= {f"q{i:04d}": each for i, each in enumerate(combined)}
    energies = {
        each: float(((shares(row) - shares(probe)) ** 2).sum()) for each, row in expected.items()
    }
    nearest = sorted(energies[each.name] for each in found.identities)[:5]
    np.testing.assert_allclose(nearest, sorted(energies.values())[:5])


def test_an_identity_is_stored_and_replaced_as_a_whole(store, name):
    store.create(name, FLOATS)
    first, second = rows(2)
    assert store.enrol(name, "Ann", FLOATS, Enrolment(1, first))
    assert not store.enrol(name, "Ann", FLOATS, Enrolment(3, second))
    found = store.identity(name, "Ann")
    np.testing.assert_array_equal(found.template, second)
    assert (found.name, found.images, found.encoding) == ("Ann", 3, FLOATS)
    assert store.gallery(name).sizes == {3: 1}


@pytest.mark.parametrize("encoding", [FLOATS, CODES], ids=lambda each: each.metric)
def test_many_are_stored_at_once_in_place_of_those_of_their_names(
    store, name, encoding, monkeypatch
):
    monkeypatch.setattr("app.gallery.sql.rows._NAMES_AT_ONCE", 100)
    store.create(name, encoding)
    before, after = rows(3, encoding), rows(240, encoding, seed=1)
    enrol(store, name, encoding, before, images=1)
    store.enrol(name, "other", encoding, Enrolment(1, before[0]))
    shared = template(TemplateRule.BIT_SHARES if encoding.is_codes else TemplateRule.MEAN, before)
    many = {f"p{place:04d}": Enrolment(1, row) for place, row in enumerate(after)}
    many["p0001"] = Enrolment(3, shared)
    assert store.enrol_many(name, encoding, many) == many.keys() - {"p0000", "p0001", "p0002"}
    assert store.gallery(name).sizes == {1: len(after), 3: 1}
    for each in ("p0000", "p0001", "p0239", "other"):
        expected = many.get(each, Enrolment(1, before[0]))
        found = store.identity(name, each)
        np.testing.assert_array_equal(found.template, expected.template)
        assert found.images == expected.images
    store.enrol(name, "last", encoding, Enrolment(1, before[0]))  # Its place is none of theirs.
    assert store.gallery(name).identities == len(after) + 2
    assert store.enrol_many(name, encoding, {}) == frozenset()


def test_many_are_stored_altogether_or_not(store, name):
    store.create(name, FLOATS)
    row = rows(1)[0]
    many = {"a": Enrolment(1, row), "b": Enrolment(None, row)}  # The column takes no NULL.
    with pytest.raises(StoreError):
        store.enrol_many(name, FLOATS, many)
    assert store.gallery(name).sizes == {}
    assert not store.identities(name, "", 10, templates=False)


def test_many_parts_are_loaded_and_the_index_is_made_at_the_end(store, store_url, name):
    gallery = rows(300)
    parts = [
        {f"p{place:04d}": Enrolment(1, gallery[place]) for place in range(first, first + 100)}
        for first in range(0, 300, 100)
    ]
    store.create(name, FLOATS)
    seen = []

    def watched():
        for part in parts:
            seen.append(has_index(store_url, name))
            yield part

    assert store.load(name, FLOATS, watched()) == 300
    assert store.load(name, FLOATS, watched()) == 0  # Now there is an index, and it is kept.
    is_indexed = store_url.startswith("postgresql")
    assert seen == [False] * 3 + [is_indexed] * 3
    found = store.nearest(name, FLOATS, gallery[7], 1)
    assert (found.identities[0].name, found.gallery.sizes) == ("p0007", {1: 300})


def has_index(url, name):
    """Whether a gallery has an index that is used."""
    if url.startswith("sqlite"):
        return False
    backend = open_backend(url, 60.0, 1)
    with backend.engine.connect() as connection:
        key = connection.scalar(text("SELECT id FROM galleries WHERE name = :n"), {"n": name})
        found = connection.scalar(
            text("SELECT count(*) FROM pg_indexes WHERE indexname = :n"),
            {"n": f"identities_vector_of_{key}"},
        )
    backend.engine.dispose()
    return found == 1


def test_identities_are_listed_by_name_from_a_cursor_on(store, name):
    store.create(name, FLOATS)
    names = ["Zoë", "ann", "Bob", "ben (2)", "12"]
    for each in names:
        store.enrol(name, each, FLOATS, Enrolment(1, rows(1)[0]))
    listed, after = [], ""
    while page := store.identities(name, after, 2, templates=False):
        assert len(page) <= 2
        assert all(each.template is None for each in page)
        listed += [each.name for each in page]
        after = listed[-1]
    assert listed == sorted(names, key=str.encode)
    whole = store.identities(name, "", 9, templates=True)
    assert all(len(each.template) == DIM for each in whole)


def test_galleries_are_listed_with_their_sizes(store, name):
    store.create(name, FLOATS)
    enrol(store, name, FLOATS, rows(3))
    found = {each.name: each for each in store.galleries()}[name]
    assert (found.encoding, found.identities, found.sizes) == (FLOATS, 3, {1: 3})
    assert found.created.tzinfo is not None


def test_what_is_erased_is_not_found_any_more(store, name):
    store.create(name, FLOATS)
    gallery = rows(5)
    enrol(store, name, FLOATS, gallery)
    receipt = store.erase(name, "p0002")
    assert receipt.identities == 1
    assert receipt.gone
    nearest = store.nearest(name, FLOATS, gallery[2], 5).identities
    assert len(nearest) == 4
    assert "p0002" not in {each.name for each in nearest}
    assert store.gallery(name).sizes == {1: 4}
    with pytest.raises(UnknownIdentityError):
        store.identity(name, "p0002")
    with pytest.raises(UnknownIdentityError):
        store.erase(name, "p0002")


def test_a_gallery_is_dropped_with_its_identities(store, name):
    store.create(name, FLOATS)
    enrol(store, name, FLOATS, rows(3))
    assert store.drop(name).identities == 3
    with pytest.raises(UnknownGalleryError):
        store.drop(name)
    store.create(name, FLOATS)
    assert store.nearest(name, FLOATS, rows(1)[0], 5).identities == ()


def test_there_is_one_gallery_of_a_name(store, name):
    store.create(name, FLOATS)
    with pytest.raises(GalleryExistsError):
        store.create(name, FLOATS)


def test_another_encoding_is_refused(store, name):
    store.create(name, FLOATS)
    with pytest.raises(ModelChangedError, match="re-enrol"):
        store.enrol(name, "Ann", SUMS, Enrolment(1, rows(1)[0]))
    with pytest.raises(ModelChangedError):
        store.nearest(name, SUMS, rows(1)[0], 5)
    assert store.gallery(name).identities == 0


def test_a_bundle_that_was_calibrated_again_keeps_the_gallery(store, name):
    store.create(name, FLOATS)
    newer = Encoding("tiny", "1.0.1", "a" * 64, "b" * 64, Metric.L2, DIM)
    store.enrol(name, "Ann", newer, Enrolment(1, rows(1)[0]))
    assert store.identity(name, "Ann").encoding == newer


def test_the_names_of_two_galleries_are_exchanged(store, name):
    other = f"{name}.new"
    store.create(name, FLOATS)
    store.create(other, SUMS)
    store.enrol(other, "Ann", SUMS, Enrolment(1, rows(1)[0]))
    store.swap(name, other)
    assert store.gallery(name).encoding == SUMS
    assert store.identity(name, "Ann").name == "Ann"
    assert store.gallery(other).identities == 0
    with pytest.raises(UnknownGalleryError):
        store.swap(name, "none")


def test_unknown_names_are_reported(store, name):
    for call in (
        lambda: store.gallery(name),
        lambda: store.identities(name, "", 1, templates=False),
        lambda: store.enrol(name, "Ann", FLOATS, Enrolment(1, rows(1)[0])),
        lambda: store.nearest(name, FLOATS, rows(1)[0], 1),
        lambda: store.erase(name, "Ann"),
    ):
        with pytest.raises(UnknownGalleryError):
            call()


def test_writers_at_the_same_time_lose_nothing(store, name):
    store.create(name, FLOATS)
    gallery = rows(64)
    together = threading.Barrier(4)

    def write(part):
        together.wait(10)
        for place in range(part, 64, 4):
            store.enrol(name, f"p{place:04d}", FLOATS, Enrolment(1, gallery[place]))
            if place % 2:
                store.erase(name, f"p{place:04d}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    listed = store.identities(name, "", 100, templates=True)
    assert [each.name for each in listed] == [f"p{place:04d}" for place in range(0, 64, 2)]
    for each in listed:
        np.testing.assert_array_equal(each.template, gallery[int(each.name[1:])])
    assert store.gallery(name).sizes == {1: 32}


@of_postgres
def test_an_index_whose_making_was_interrupted_is_made_again(store, store_url, name):
    store.create(name, FLOATS)
    enrol(store, name, FLOATS, rows(3))
    counted = text(
        "SELECT count(*) FROM pg_index WHERE indisvalid = :valid AND indexrelid IN "
        "(SELECT oid FROM pg_class WHERE relname LIKE 'identities_vector_of_%')"
    )
    backend = open_backend(store_url, 60.0, 1)
    with backend.engine.begin() as connection:
        before = connection.scalar(counted, {"valid": True})
        connection.execute(
            text(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT max(oid) FROM "
                "pg_class WHERE relname LIKE 'identities_vector_of_%')"
            )
        )
    store.make_indexes()
    with backend.engine.connect() as connection:
        found = [connection.scalar(counted, {"valid": valid}) for valid in (False, True)]
        assert found == [0, before]
    backend.engine.dispose()


def test_a_gallery_that_is_large_for_an_exact_search_is_named_once(caplog):
    small, large = (Gallery(f"of-{n}", FLOATS, datetime.now(UTC), {1: n}) for n in (5, 6))
    for log in (GrowthLog(5), GrowthLog(None)):
        for gallery in (small, large, large):
            log.note(gallery)
    assert [record.args[:2] for record in caplog.records] == [("of-6", 6)]


def test_a_large_gallery_is_noted_at_start_and_in_a_search(store_url, name, caplog, monkeypatch):
    monkeypatch.setattr("app.gallery.sql.sqlite.MOST_EXACT", 2)
    store = SqlStore(open_backend(store_url, 60.0, 1))
    store.create(name, FLOATS)
    enrol(store, name, FLOATS, rows(3))
    store.nearest(name, FLOATS, rows(1)[0], 1)
    store.nearest(name, FLOATS, rows(1)[0], 1)
    told = [record for record in caplog.records if record.args and record.args[0] == name]
    assert len(told) == store_url.startswith("sqlite")
    store.close()
    again = SqlStore(open_backend(store_url, 60.0, 1))
    again.check()
    told = [record for record in caplog.records if record.args and record.args[0] == name]
    assert len(told) == 2 * store_url.startswith("sqlite")
    again.close()


def test_a_larger_gallery_is_searched_with_more_candidates():
    sizes = (0, 1_000, 31_000, 100_000, 1_000_000, 10_000_000)
    assert [candidates(10, size) for size in sizes] == [100, 100, 100, 201, 800, 1000]
    assert [candidates(100, size) for size in sizes[:4]] == [400] * 4


@of_postgres
def test_the_candidates_of_a_search_are_those_of_its_gallery(store, name):
    store.create(name, FLOATS)
    enrol(store, name, FLOATS, rows(3))
    seen = []

    def watch(connection, cursor, statement, *_):
        del connection, cursor
        seen.extend([statement] if "ef_search" in statement else [])

    engine = store._backend.engine
    event.listen(engine, "before_cursor_execute", watch)
    store.nearest(name, FLOATS, rows(1)[0], 50)
    event.remove(engine, "before_cursor_execute", watch)
    assert seen == ["SET LOCAL hnsw.ef_search = 200"]
