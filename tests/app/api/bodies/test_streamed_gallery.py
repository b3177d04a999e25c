import numpy as np
import pytest

from app.api.bodies.streamed_gallery import StreamedGallery
from app.catalog.catalog import ServedModel
from app.decision import choose_threshold, compare
from app.errors import BodyTooLargeError, UnreadableBodyError
from model.errors import VectorError
from tests import fakes
from tests.app.api.bodies.test_npy import rows, saved

MANIFEST = fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM)
MODEL = ServedModel(MANIFEST, fakes.FakeEncoder())
CHOICE = choose_threshold(MANIFEST)


def fed(body, step, max_rows=1000):
    gallery = StreamedGallery(MODEL, lambda _: CHOICE, max_rows, lambda _: None)
    for start in range(0, len(body), step):
        gallery.feed(body[start : start + step])
    return gallery


@pytest.mark.parametrize("step", [1, 31, 33, 500, 100_000])
def test_a_gallery_is_compared_as_in_one_piece_however_it_arrives(step):
    array = rows(n=60)
    comparison, _ = fed(saved(array), step).close()
    whole = compare(MANIFEST, array[0], array[1:], CHOICE)
    np.testing.assert_array_equal(comparison.energies, whole.energies)
    np.testing.assert_array_equal(comparison.same, whole.same)


def test_a_row_that_cannot_be_compared_is_named_by_its_place_in_the_whole():
    array = rows(n=60)
    array[41, 3] = np.nan
    with pytest.raises(VectorError, match="gallery row 40 holds a number that is not") as refused:
        fed(saved(array), 100)
    assert refused.value.row == 40


def test_what_the_header_alone_rules_out_is_refused_at_its_end():
    with pytest.raises(BodyTooLargeError, match="the gallery has 59 rows; at most 58"):
        fed(saved(rows(n=60))[:128], 64, max_rows=58)
    with pytest.raises(VectorError, match="9 numbers"):
        fed(saved(rows(dim=9))[:128], 64)


def test_a_gallery_that_is_not_all_there_is_refused():
    body = saved(rows(n=60))
    for end in (0, 60, 128, 128 + 4 * fakes.DIM, len(body) - 1):
        with pytest.raises(UnreadableBodyError):
            fed(body[:end], 64).close()
