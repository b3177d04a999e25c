import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import Settings
from app.worker.memory_plan import MeasuredMemory, log_plan, plan_memory

GIB, MB = 1 << 30, 1_000_000
MEASURED = MeasuredMemory(base=150 * MB, models=60 * MB, thread=40 * MB)
"""About what the shipped bundles take."""


def plan(limit=GIB, cores=2, **settings):
    return plan_memory(Settings(**settings), MEASURED, cores, limit)


def test_the_default_fits_into_a_gibibyte_and_takes_ordinary_images():
    found = plan()
    assert found.fits
    assert found.threads == 2
    assert found.decoding > 200 * MB
    assert found.held > 64 * MB


def test_threads_are_no_more_than_the_memory_allows():
    assert 1 <= plan(cores=64).threads <= 6
    assert plan(cores=64, limit=64 * GIB).threads == 64
    assert plan(cores=64).fits


def test_workers_share_the_memory():
    two = plan(limit=3 * GIB, workers=2)
    assert two.fits
    assert two.share < 3 * GIB / 2


def test_a_given_setting_is_kept_and_the_others_follow():
    given_held = plan(max_held_bytes=80 * MB)
    assert given_held.held == 80 * MB
    assert given_held.fits
    given_decoding = plan(max_decoding_bytes=150 * MB)
    assert (given_decoding.decoding, given_decoding.fits) == (150 * MB, True)
    assert plan(threads=7).threads == 7


@pytest.mark.parametrize(
    "settings",
    [{"max_held_bytes": 900 * MB}, {"max_decoding_bytes": GIB}, {"threads": 32}, {"workers": 8}],
)
def test_settings_that_exceed_the_limit_are_kept_and_warned_of(caplog, settings):
    caplog.set_level(logging.INFO)
    found = plan(**settings)
    assert not found.fits
    log_plan(found)
    assert "requests can get this worker killed" in caplog.text
    assert caplog.records[0].levelname == "WARNING"


def test_what_fits_is_logged_as_information(caplog):
    caplog.set_level(logging.INFO)
    log_plan(plan())
    assert [record.levelname for record in caplog.records] == ["INFO"]


@given(
    limit=st.integers(1, 1 << 42),
    cores=st.integers(1, 256),
    workers=st.integers(1, 16),
    base=st.integers(50 * MB, 2_000 * MB),
)
def test_a_plan_fits_or_says_that_it_does_not(limit, cores, workers, base):
    measured = MeasuredMemory(base, 60 * MB, 40 * MB)
    found = plan_memory(Settings(workers=workers), measured, cores, limit)
    assert 1 <= found.threads <= max(1, cores // workers)
    assert found.held > 0
    assert found.decoding > 0
    assert found.most >= found.held + found.decoding
    if found.fits:
        assert workers * found.most < limit
