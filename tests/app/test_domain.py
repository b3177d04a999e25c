import numpy as np
import pytest
from scipy.stats import binom

from app.domain import (
    MAX_CHECKED_ROWS,
    MAX_NAMED,
    DomainStatus,
    GalleryCheck,
    check_images,
    exceeds,
)
from model.bundle import open_bundle
from model.domain import Domain
from tests import domains, fakes


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return open_bundle(domains.make_bundle_with_domain(tmp_path_factory.mktemp("bundles")))


@pytest.fixture(scope="module")
def domain(bundle):
    return Domain.of(bundle)


@pytest.fixture(scope="module")
def ordinary(bundle):
    return fakes.run_reference(bundle.onnx, domains.ordinary_images())


ODD = np.ones(fakes.DIM, dtype=np.float32)
"""An embedding that no image has: its length is not 1."""


def gallery_of(ordinary, rows, odd=()):
    gallery = ordinary[np.arange(rows) % 8]
    gallery[list(odd)] = ODD
    return gallery


def checked(bundle, domain, gallery, step=10**9, probe=None):
    probe = gallery[0] if probe is None else probe
    check = GalleryCheck(domain, bundle.manifest, probe, len(gallery))
    for start in range(0, len(gallery), step):
        check.take(gallery[start : start + step])
    return check.result()


@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_too_many_are_as_rare_as_the_rate_and_one_of_one_is_too_many(rate):
    assert exceeds(1, 1, rate)
    assert not exceeds(0, 1, rate)
    for of in (2, 3, 10, 99, 1000):
        least = next(count for count in range(of + 1) if exceeds(count, of, rate))
        assert binom.sf(least - 1, of, rate) <= rate
        # Chernoff's bound is larger than the probability, by less than a factor of 10 here.
        assert binom.sf(least - 2, of, rate) > rate / 10
        assert all(exceeds(count, of, rate) for count in range(least, of + 1))


def test_the_largest_percentiles_are_named_and_the_rest_counted(bundle, domain):
    noise = np.random.default_rng(0).integers(0, 256, (5, 32, 24, 1), dtype=np.uint8)
    images = np.concatenate([domains.ordinary_images(count=2), noise])
    names = [f"image[{i}]" for i in range(7)]
    result = check_images(domain, bundle.manifest, names, domain.percentiles(images))
    assert (result.status, result.images, result.out) == (DomainStatus.OUT, 7, (2, 3, 4, 5, 6))
    expected = 100 * domain.percentiles(images)
    np.testing.assert_allclose(result.percentiles, expected, atol=5e-4)
    assert result.reason.startswith("more unusual than 99 % of the calibration images: image[2] (")
    assert result.reason.endswith("image[4] (99.502 %) and 2 more")


def test_a_bundle_without_a_check_has_none_for_images_and_galleries(bundle, ordinary):
    alone = checked(bundle, None, ordinary)
    assert (alone.probe.status, alone.gallery) == (DomainStatus.UNKNOWN, None)
    images = check_images(None, bundle.manifest, ["image1"], None)
    assert images == alone.probe
    assert images.percentiles is None
    assert images.reason


@pytest.mark.parametrize("step", [1, 7, 200, 10_000])
@pytest.mark.parametrize("rows", [1, 130, MAX_CHECKED_ROWS, 2 * MAX_CHECKED_ROWS + 1])
def test_rows_are_checked_evenly_however_they_arrive(bundle, domain, ordinary, rows, step):
    odd = range(0, rows, 3)
    found = checked(bundle, domain, gallery_of(ordinary, rows, odd), step, probe=ordinary[0])
    stride = -(-rows // MAX_CHECKED_ROWS)
    places = range(0, rows, stride)
    expected = [place for place in places if place % 3 == 0]
    assert found.gallery.checked == len(places) <= MAX_CHECKED_ROWS
    assert found.gallery.out == len(expected)
    assert found.gallery.rows == tuple(expected[:MAX_NAMED])


def test_a_gallery_is_out_where_too_many_of_its_rows_are(bundle, domain, ordinary):
    for rows, least in ((1, 1), (100, 6)):
        at_most = checked(
            bundle, domain, gallery_of(ordinary, rows, range(least - 1)), probe=ordinary[0]
        )
        assert at_most.probe.status is DomainStatus.IN
        assert at_most.gallery.out == least - 1
        gallery = gallery_of(ordinary, rows, range(least))
        more = checked(bundle, domain, gallery, probe=ordinary[0])
        assert more.probe.status is DomainStatus.OUT
        assert f"{least} of the {rows} rows" in more.probe.reason
        assert more.probe.percentiles[0] < 99


def test_a_probe_that_is_out_decides_alone(bundle, domain, ordinary):
    found = checked(bundle, domain, ordinary[:8], probe=ODD)
    assert found.probe.status is DomainStatus.OUT
    assert "the probe" in found.probe.reason
    assert found.gallery.out == 0


def test_numbers_beyond_the_range_are_out_and_no_error(bundle, domain, ordinary):
    far = np.full(fakes.DIM, 3e38, dtype=np.float32)
    found = checked(bundle, domain, np.stack([far]), probe=ordinary[0])
    assert (found.probe.status, found.gallery.rows) == (DomainStatus.OUT, (0,))
