from tests.gallery_kills import kill_many


def test_a_writer_that_is_killed_loses_no_acknowledged_row_and_leaves_no_half_one(store_url):
    """Three kills; `python -m tests.gallery_kills URL --times 100` makes more."""
    acknowledged, wrong = kill_many(store_url, 3)
    assert wrong == []
    assert acknowledged > 0
