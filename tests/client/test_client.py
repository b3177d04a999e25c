"""The client against the real service, over the network and in this process."""

import asyncio
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import likewise_client as lc
import numpy as np
import pytest
from likewise_client.in_process import in_process

from app.keys.entries import make_key
from tests import fakes
from tests.servers import ROOT, server

PHOTO, SAME_AGAIN, OTHER = fakes.photo(1), fakes.photo(1, take=1), fakes.photo(2)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    fakes.make_bundle(folder, "tiny")
    fakes.make_bundle(folder, "tiny-codes", fakes.Kind.CODES)
    fakes.make_pair_bundle(folder)
    with server(folder) as (_, client):
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="module")
def service(url):
    with lc.Likewise(url) as service:
        yield service


def plainly(url, **fields):
    """What a form gets, as curl sends it, for the same two images."""
    files = {"image1": PHOTO, "image2": OTHER}
    return httpx.post(f"{url}/verify", files=files, data=fields, trust_env=False).json()


def test_a_verification_is_what_the_service_says(service, url):
    answer, plain = service.verify(PHOTO, OTHER), plainly(url)
    assert answer.same is plain["same"]
    assert answer.energy == plain["energy"]
    assert answer.threshold == plain["threshold"]
    assert answer.likelihood_ratio == plain["likelihood_ratio"]
    assert answer.likelihood_ratio_interval == tuple(plain["likelihood_ratio_interval"])
    assert answer.operating_point.fnmr_interval == tuple(plain["operating_point"]["fnmr_interval"])
    assert vars(answer.model) == plain["model"]
    assert service.verify(PHOTO, SAME_AGAIN).same


def test_every_kind_of_image_has_the_same_energy(service, tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(PHOTO)
    picture = fakes.image_of(1)
    expected = service.verify(PHOTO, OTHER).energy
    with path.open("rb") as opened:
        for image in (path, str(path), opened, picture, np.asarray(picture)):
            assert service.verify(image, OTHER).energy == expected


def test_choices_are_passed_on(service):
    assert service.verify(PHOTO, OTHER, threshold=9).same
    assert not service.verify(PHOTO, SAME_AGAIN, threshold=0).same
    assert service.verify(PHOTO, OTHER, fmr=0.1).operating_point.target_fmr == 0.1
    assert service.verify(PHOTO, OTHER, model="tiny-codes").model.name == "tiny-codes"
    assert service.verify(PHOTO, SAME_AGAIN, fmr=0.05, fnmr=0.08).zone.low == 0.4


def test_costs_make_a_third_outcome(service, url):
    costs = {"cost_false_match": 1e6, "cost_false_non_match": 20, "prior": 0.25}
    answer, plain = service.verify(PHOTO, PHOTO, **costs), plainly(url, **costs)
    assert (answer.same, answer.decision) == (True, "unsure")
    assert (answer.zone.low, answer.zone.note) == (None, plain["zone"]["note"])
    assert answer.zone.fnmr_interval == tuple(plain["zone"]["fnmr_interval"])
    assert service.verify(PHOTO, PHOTO).zone is None


def test_embeddings_are_arrays_in_order_over_several_calls(service):
    images = [fakes.photo(i) for i in range(7)]
    found = service.embed(images, images_a_call=3)
    assert (found.vectors.dtype, found.vectors.shape) == (np.float32, (7, fakes.DIM))
    np.testing.assert_allclose(found.vectors[5], service.embed([images[5]]).vectors[0], atol=1e-6)
    codes = service.embed(images[:2], model="tiny-codes")
    assert codes.vectors.dtype == np.uint8


def test_one_image_in_place_of_a_list_is_told_how_to_write_it(service, url, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(fakes.photo(1))
    for image in (str(path), path, path.read_bytes()):
        with pytest.raises(lc.UnusableImage, match=r"embed\(\[image\]\)"):
            service.embed(image)

    async def embed():
        async with lc.AsyncLikewise(url) as others:
            await others.embed(str(path))

    with pytest.raises(lc.UnusableImage, match=r"embed\(\[image\]\)"):
        asyncio.run(embed())


def test_comparing_embeddings_is_verifying_their_images(service):
    for model in ("tiny", "tiny-codes"):
        rows = service.embed([PHOTO, SAME_AGAIN, OTHER], model=model).vectors
        found = service.compare(rows[0], rows[1:], model=model)
        alone = [service.verify(PHOTO, other, model=model) for other in (SAME_AGAIN, OTHER)]
        np.testing.assert_allclose(found.energies, [v.energy for v in alone], atol=1e-5)
        assert found.same.tolist() == [v.same for v in alone]


def test_a_gallery_of_another_shape_is_refused_here(service):
    with pytest.raises(ValueError, match=r"these are \(8,\) and \(3, 4\)"):
        service.compare(np.zeros(8), np.zeros((3, 4)))


def test_a_preview_is_the_picture_that_the_model_sees(service):
    shown = service.preview(PHOTO)
    assert shown.startswith(b"\x89PNG")


def test_models_and_manifests_are_typed(service):
    models = {model.name: model for model in service.models()}
    assert models["tiny"].default
    assert models["tiny"].operating_points[0].target_fmr == 0.1
    assert service.model("tiny").calibration.eer > 0
    assert service.ready()


def test_the_model_of_the_client_is_asked_unless_another_is_named(url):
    with lc.Likewise(url, model="tiny-codes") as codes:
        assert codes.verify(PHOTO, OTHER).model.name == "tiny-codes"
        assert codes.verify(PHOTO, OTHER, model="tiny").model.name == "tiny"


@pytest.mark.parametrize(
    ("call", "kind", "slug"),
    [
        (lambda s: s.verify(PHOTO, PHOTO[:99]), lc.ImageRefused, "broken-image"),
        (lambda s: s.verify(b"no image", PHOTO), lc.ImageRefused, "unsupported-image"),
        (lambda s: s.verify(PHOTO, OTHER, fmr=0.001), lc.ChoiceRefused, "unsupported-fmr"),
        (lambda s: s.verify(PHOTO, OTHER, model="none"), lc.UnknownModel, "unknown-model"),
        (lambda s: s.embed([PHOTO], model="pair"), lc.WrongKind, "wrong-kind"),
        (lambda s: s.embed([PHOTO] * 33, images_a_call=33), lc.ServiceProblem, None),
        (lambda s: s.model("none"), lc.UnknownModel, "unknown-model"),
        (lambda s: s.compare([0.0, np.nan] * 4, [[1.0] * 8]), lc.ChoiceRefused, "bad-embedding"),
    ],
)
def test_what_the_service_refuses_is_an_error_of_its_class(service, call, kind, slug):
    with pytest.raises(kind) as told:
        call(service)
    assert slug in {None, told.value.slug}
    assert told.value.status >= 400
    assert told.value.detail
    assert told.value.request_id


def test_a_name_cannot_lead_to_another_path(service):
    with pytest.raises(lc.ServiceProblem) as told:
        service.model("../readyz")
    assert told.value.status == 404


def test_an_image_cannot_end_its_part_and_add_another(service):
    hostile = (
        PHOTO
        + b'\r\n--+++\r\nContent-Disposition: form-data; name="threshold"\r\n\r\n99\r\n--+++--'
    )
    honest = service.verify(PHOTO, OTHER)
    assert service.verify(hostile, OTHER).threshold == honest.threshold


def test_a_key_is_sent_and_a_wrong_one_told(models_dir, tmp_path):
    key, entry = make_key("shop")
    (tmp_path / "keys.txt").write_text(f"{entry.line}\n")
    with server(models_dir, API_KEYS_FILE=tmp_path / "keys.txt") as (_, client):
        address = str(client.base_url)
        with lc.Likewise(address, key) as good, lc.Likewise(address) as none:
            assert good.verify(PHOTO, SAME_AGAIN).same
            with pytest.raises(lc.NotAuthorised, match="API key"):
                none.verify(PHOTO, SAME_AGAIN)


def test_many_are_asked_at_once_by_asyncio(url, service):
    async def whole():
        async with lc.AsyncLikewise(url) as many:
            others = [fakes.photo(i % 5) for i in range(20)]
            verified = await asyncio.gather(*[many.verify(PHOTO, other) for other in others])
            rows = (await many.embed(others)).vectors
            compared = await many.compare(rows[0], rows)
            assert await many.ready()
            assert (await many.preview(PHOTO)).startswith(b"\x89PNG")
            assert (await many.model("tiny")).name == "tiny"
            assert len(await many.models()) == 3
            with pytest.raises(lc.ImageRefused):
                await many.verify(PHOTO, b"no image")
        return verified, compared

    verified, compared = asyncio.run(whole())
    expected = [service.verify(PHOTO, fakes.photo(i)).energy for i in range(5)]
    assert [v.energy for v in verified] == pytest.approx(expected * 4, abs=1e-6)
    assert compared.same[::5].all()


def test_a_service_that_is_not_there_is_unreachable():
    patience = lc.Patience(retries=1, first_s=0.01)
    with (
        lc.Likewise("http://127.0.0.1:9", patience=patience) as nobody,
        pytest.raises(lc.Unreachable, match=r"127\.0\.0\.1:9"),
    ):
        nobody.verify(PHOTO, OTHER)


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://host", "http://", "/verify"])
def test_what_is_no_address_is_told_at_once(address):
    with pytest.raises(ValueError, match="no address"):
        lc.Likewise(address)


class _Odd(BaseHTTPRequestHandler):
    """First busy, then what the test wants."""

    answers: ClassVar[list] = []

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, body = self.answers.pop(0)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture
def odd():
    """A server that is not the service; gives its address and its answers."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Odd)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", _Odd.answers
    http.shutdown()
    thread.join()
    http.server_close()
    _Odd.answers.clear()


def test_a_service_that_is_not_ready_says_so_at_once(odd):
    address, answers = odd
    answers += [(503, {"Retry-After": "9"}, b"{}")]
    with lc.Likewise(address) as service:
        assert not service.ready()
    assert answers == []


def test_over_the_network_a_busy_server_is_asked_again(odd, url):
    address, answers = odd
    plain = plainly(url)
    answers += [(503, {"Retry-After": "0"}, b""), (429, {"Retry-After": "0"}, b"<html>")]
    answers += [(200, {"Content-Type": "application/json"}, json.dumps(plain).encode())]
    with lc.Likewise(address) as service:
        assert service.verify(PHOTO, OTHER).energy == plain["energy"]
    assert answers == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>", lc.BadAnswer),
        (200, b"{}", lc.BadAnswer),
        (204, b"", lc.BadAnswer),
        (502, b"<html>bad gateway", lc.ServiceProblem),
        (503, b"busy", lc.Overloaded),
        (504, b"{}", lc.DeadlinePassed),
    ],
)
def test_whatever_answers_is_told_as_an_error_of_the_tree(odd, status, body, kind):
    address, answers = odd
    answers += [(status, {"Retry-After": "0"}, body)] * 6
    patience = lc.Patience(retries=1, first_s=0.01)
    with lc.Likewise(address, patience=patience) as service, pytest.raises(kind):
        service.verify(PHOTO, OTHER)


def test_a_decision_that_is_no_boolean_is_not_taken_for_one(odd, url):
    address, answers = odd
    answers += [(200, {}, json.dumps(plainly(url) | {"same": "false"}).encode())]
    with lc.Likewise(address) as service, pytest.raises(lc.BadAnswer, match="'false'"):
        service.verify(PHOTO, OTHER)


def test_an_answer_that_cannot_be_unpacked_is_no_answer(odd):
    address, answers = odd
    answers += [(200, {"Content-Encoding": "gzip"}, b"no gzip")]
    with lc.Likewise(address) as service, pytest.raises(lc.BadAnswer, match="decoded"):
        service.verify(PHOTO, OTHER)


def test_the_service_gives_up_at_the_deadline_of_the_client(url):
    patience = lc.Patience(retries=0)
    with (
        lc.Likewise(url, deadline_s=0.001, patience=patience) as hurried,
        pytest.raises(lc.DeadlinePassed),
    ):
        hurried.embed([fakes.photo(i) for i in range(32)])


def test_in_this_process_the_answer_is_that_of_the_server(service, models_dir, monkeypatch):
    monkeypatch.setenv("LIKEWISE_MODELS_DIR", str(models_dir))
    monkeypatch.setenv("LIKEWISE_DEFAULT_MODEL", "tiny")
    monkeypatch.setenv("LIKEWISE_URL", "http://elsewhere")
    with in_process() as inside:
        assert inside.verify(PHOTO, OTHER) == service.verify(PHOTO, OTHER)
        with pytest.raises(lc.ImageRefused):
            inside.verify(PHOTO, b"no image")


def test_in_this_process_a_wrong_setting_is_told(monkeypatch):
    monkeypatch.setenv("LIKEWISE_DEFAULT_MODEL", "none")
    with pytest.raises(lc.LikewiseClientError, match="none"), in_process():
        pass


def test_the_client_needs_nothing_of_the_service():
    script = (
        "import sys\n"
        "for name in ('app', 'model', 'fastapi', 'onnxruntime', 'pydantic', 'PIL'):\n"
        "    sys.modules[name] = None\n"
        "import likewise_client as lc\n"
        "import likewise_client.shell.main as shell\n"
        "assert shell.main(['models']) == 2\n"
    )
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-c", script],
        cwd=ROOT / "client",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "the service is not installed here" in done.stderr


def test_pixels_without_pillow_are_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(lc.UnusableImage, match="likewise-client"):
        lc.images.to_file(np.zeros((4, 4), np.uint8))
