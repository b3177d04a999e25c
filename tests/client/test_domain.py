"""The domain check as the client and the command `likewise` show it."""

import json

import likewise_client as lc
import numpy as np
import pytest
from likewise_client.in_process import in_process
from likewise_client.shell.main import main
from PIL import Image

from tests import domains, fakes

SIZE = (fakes.SPEC.width, fakes.SPEC.height)


def noise(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, SIZE[::-1], dtype=np.uint8)
    return fakes.encoded(Image.fromarray(pixels))


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    domains.make_bundle_with_domain(folder)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name, data in {
        "one.png": fakes.encoded(fakes.image_of(1, 0, SIZE)),
        "again.png": fakes.encoded(fakes.image_of(1, 1, SIZE)),
        "noise.png": noise(0),
        "more.png": noise(1),
    }.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(autouse=True)
def _in_this_process(bundles, photos, monkeypatch):
    monkeypatch.setenv("LIKEWISE_MODELS_DIR", str(bundles))
    monkeypatch.setenv("LIKEWISE_DEFAULT_MODEL", "tiny")
    monkeypatch.chdir(photos)


@pytest.fixture
def service():
    with in_process() as service:
        yield service


def test_a_verification_has_its_domain_and_lacks_what_is_withheld(service):
    known = service.verify("one.png", "again.png")
    assert (known.domain.status, known.domain.reason, known.withheld) == ("in", None, None)
    assert len(known.domain.percentile) == 2
    odd = service.verify("one.png", "noise.png")
    assert odd.domain.status == "out"
    assert (odd.operating_point, odd.likelihood_ratio) == (None, None)
    assert odd.likelihood_ratio_interval is None
    assert odd.withheld.startswith("The error rates and the likelihood ratio were measured on")
    by_rates = service.verify("one.png", "noise.png", fmr=0.05, fnmr=0.08)
    assert (by_rates.decision, by_rates.zone) == ("unsure", None)
    assert by_rates.withheld.endswith("decide nothing, so it is unsure.")
    own = service.verify("one.png", "noise.png", threshold=0.3)
    assert (own.domain.status, own.operating_point.fmr) == ("out", 0.01)


def test_the_domain_of_several_calls_is_that_of_all_their_images(service):
    images = ["one.png", "again.png", "noise.png", "more.png"]
    whole = service.embed(images)
    parts = service.embed(images, images_a_call=1)
    # An embedding may differ in its last digits by the size of its batch, and so a rank by one.
    assert whole.domain.percentile == pytest.approx(parts.domain.percentile, abs=0.6)
    assert len(parts.domain.percentile) == 4
    assert whole.domain.status == parts.domain.status == "out"
    assert service.embed(images[:2], images_a_call=1).domain.status == "in"
    compared = service.compare(whole.vectors[0], whole.vectors[1:2])
    assert (compared.domain.status, compared.withheld) == ("in", None)
    assert compared.domain.gallery == lc.GalleryDomain(checked=1, out=0, rows=())
    odd = service.compare(whole.vectors[0], np.ones((1, fakes.DIM)))
    assert (odd.domain.gallery.rows, odd.operating_point) == ((0,), None)


def test_the_shell_says_so_and_its_status_is_that_of_the_decision(capsys, tmp_path):
    status = main(["verify", "noise.png", "noise.png"])
    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[0].startswith("same: energy 0, at most the threshold of 0.3")
    assert lines[1] == "outside what it was measured on: no error rates"
    assert lines[2].startswith("out of the domain: more unusual than 99 % of the calibration")
    assert lines[3:] == ["tiny 1.2.3"]
    assert main(["verify", "--threshold", "0", "noise.png", "one.png"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "lie further apart" in lines[1]
    assert lines[2].startswith("out of the domain: ")
    costs = ("--cost-false-match", "50", "--cost-false-non-match", "20")
    assert main(["verify", *costs, "noise.png", "noise.png"]) == 3
    shown = capsys.readouterr().out
    assert shown.startswith("unsure: energy 0, at most the threshold of 0.3")
    assert "no error rates" in shown
    rows = tmp_path / "rows.npy"
    assert main(["embed", "noise.png", "-o", str(rows)]) == 0
    shown = capsys.readouterr()
    assert shown.out == "0\tnoise.png\n"
    assert shown.err.startswith("likewise: out of the domain: ")
    np.save(rows, np.ones((1, fakes.DIM), dtype=np.float32))
    assert main(["compare", str(rows), str(rows)]) == 0
    shown = capsys.readouterr()
    assert shown.out == "0\t0\tsame\n"
    assert "the probe (" in shown.err
    main(["embed", "--json", "one.png", "-o", str(rows)])
    assert json.loads(capsys.readouterr().out)["domain"]["status"] == "in"
