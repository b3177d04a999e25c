import logging
import shutil
import threading
import time
from urllib.parse import quote

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.gallery.records import Encoding
from app.keys.entries import make_key
from app.keys.scopes import parse_scopes
from app.main import create_app
from app.settings import Settings
from model.identification import error_of_gallery
from model.scoring import Choice, energy
from tests import fakes
from tests.galleries import of_sqlite


@pytest.fixture(scope="module")
def service(models_dir, store_url):
    """A service with a gallery in each kind of store."""
    settings = Settings(
        models_dir=models_dir, default_model="tiny", threads=2, gallery_url=store_url
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def people(service, name):
    """A gallery of `tiny` with the identities p0 to p4, of one image each."""
    assert service.put(f"/galleries/{name}").status_code == 200
    for identity in range(5):
        enrol(service, name, f"p{identity}", fakes.photo(identity))
    return name


def enrol(service, gallery, identity, *images):
    files = [("image", image) for image in images]
    answer = service.put(f"/galleries/{gallery}/identities/{quote(identity)}", files=files)
    assert answer.status_code == 200, answer.text
    return answer.json()


def embed(service, *images, model="tiny"):
    sent = [("image", image) for image in images]
    answer = service.post("/embed", files=sent, data={"model": model}).json()
    return np.array(answer["embeddings"], np.float32), answer["model"]["sha256"]


def slug(answer):
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_without_a_store_every_call_says_what_to_set(client):
    at = "/galleries/people"
    calls = [
        ("GET", "/galleries"),
        ("PUT", at),
        ("DELETE", at),
        ("POST", f"{at}/swap?other=b"),
        ("GET", f"{at}/identities"),
        *((method, f"{at}/identities/ann") for method in ("GET", "PUT", "DELETE")),
        *(("POST", f"{at}/{call}") for call in ("identify", "verify/ann")),
    ]
    for method, path in calls:
        answer = client.request(method, path)
        assert slug(answer) == (404, "no-gallery-store"), path
        assert "LIKEWISE_GALLERY_URL" in answer.json()["detail"]


def test_a_gallery_is_made_once_and_listed(service, name):
    made = service.put(f"/galleries/{name}?model=tiny").json()
    assert (made["name"], made["identities"], made["model"]["name"]) == (name, 0, "tiny")
    assert service.put(f"/galleries/{name}").json() == made
    assert made in service.get("/galleries").json()["galleries"]
    assert slug(service.put(f"/galleries/{name}?model=tiny-codes")) == (409, "gallery-exists")
    assert slug(service.put(f"/galleries/{name}?model=none")) == (404, "unknown-model")


def test_the_nearest_identity_is_found_with_the_rates_of_the_gallerys_size(service, people):
    probe = fakes.photo(3, take=1)
    answer = service.post(f"/galleries/{people}/identify", files={"image": probe}).json()
    rows, _ = embed(service, probe, *(fakes.photo(identity) for identity in range(5)))
    energies = energy("l2", rows[1:], rows[0])
    assert [each["identity"] for each in answer["candidates"]] == [
        f"p{place}" for place in np.argsort(energies)
    ]
    np.testing.assert_allclose(
        [each["energy"] for each in answer["candidates"]], np.sort(energies), atol=1e-6
    )
    assert [each["rank"] for each in answer["candidates"]] == [1, 2, 3, 4, 5]
    # The threshold of a target FPIR of 10 % for 10 people: that of the next larger size.
    assert answer["threshold"] == 0.25
    for each in answer["candidates"]:
        assert each["decision"] == ("same" if each["energy"] <= 0.25 else "different")
    manifest = service.app.state.service.catalog.get("tiny").manifest
    expected = error_of_gallery(manifest, 5, Choice(0.25, None, None))
    rates = answer["identification"]
    assert (rates["gallery_size"], rates["target_fpir"]) == (5, 0.1)
    assert (rates["fpir"], tuple(rates["fpir_interval"])) == (
        expected.fpir,
        expected.fpir_interval,
    )


def test_an_embedding_is_searched_as_its_image(service, people):
    probe = fakes.photo(2, take=1)
    rows, sha256 = embed(service, probe)
    sent = {"embedding": rows[0].tolist(), "sha256": sha256, "top": 2, "threshold": 0.4}
    at = f"/galleries/{people}/identify"
    of_row = service.post(at, json=sent).json()
    of_image = service.post(at, files={"image": probe}, data={"top": "2", "threshold": "0.4"})
    raw = service.post(
        f"{at}?top=2&threshold=0.4", content=probe, headers={"Content-Type": "image/png"}
    )
    assert of_row["candidates"] == of_image.json()["candidates"] == raw.json()["candidates"]
    assert len(of_row["candidates"]) == 2
    assert of_row["threshold"] == 0.4
    wrong = service.post(at, json={**sent, "sha256": "0" * 64})
    assert slug(wrong) == (409, "model-changed")
    assert slug(service.post(at, json={**sent, "embedding": [1.0]})) == (422, "bad-embedding")


def test_an_embedding_too_far_to_be_compared_is_refused(service, people):
    row, sha256 = embed(service, fakes.photo(1))
    sent = {"embedding": (row[0] * np.float32(1e25)).tolist(), "sha256": sha256}
    assert slug(service.post(f"/galleries/{people}/identify", json=sent)) == (422, "bad-embedding")


@pytest.mark.parametrize("call", ["identify", "enrol"])
def test_a_gallery_that_another_worker_has_made_again_is_seen_at_once(service, people, call):
    """The worker has the encoding of `tiny` in mind, and the gallery is of codes by now."""
    store = service.app.state.service.galleries._store
    codes = service.app.state.service.catalog.get("tiny-codes").manifest
    store.drop(people)
    store.create(people, Encoding.of(codes))
    files = {"image": fakes.photo(1)}
    at = f"/galleries/{people}"
    for _ in range(2):
        if call == "enrol":
            answer = service.put(f"{at}/identities/ann", files=files)
        else:
            answer = service.post(f"{at}/identify", files=files)
        assert answer.status_code == 200, answer.text
        assert answer.json()["model"]["name"] == "tiny-codes"
    store.drop(people)
    assert slug(service.post(f"{at}/identify", files=files)) == (404, "unknown-gallery")


def test_a_body_that_cannot_be_read_is_refused_whatever_the_gallery_is_of(service, people):
    store = service.app.state.service.galleries._store
    at = f"/galleries/{people}/identify"
    sent = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    before = service.post(at, **sent)
    store.drop(people)
    store.create(people, Encoding.of(service.app.state.service.catalog.get("tiny-codes").manifest))
    after = service.post(at, **sent)
    assert slug(before) == slug(after) == (400, "unreadable-body")


@of_sqlite
def test_an_unsupported_size_is_said_with_the_largest_one(service, name):
    service.put(f"/galleries/{name}")
    empty = service.post(f"/galleries/{name}/identify", files={"image": fakes.photo(1)}).json()
    assert (empty["candidates"], empty["threshold"]) == ([], None)
    row = {"sha256": embed(service, fakes.photo(0))[1]}
    random = np.random.default_rng(0)
    for place in range(101):
        vector = random.standard_normal(fakes.DIM)
        row["embedding"] = (vector / np.linalg.norm(vector)).tolist()
        service.put(f"/galleries/{name}/identities/p{place}", json=row)
    answer = service.post(f"/galleries/{name}/identify", files={"image": fakes.photo(1)}).json()
    assert (answer["size"], answer["threshold"], answer["identification"]) == (101, None, None)
    assert "largest supported size is 100" in answer["identification_reason"]
    assert {each["decision"] for each in answer["candidates"]} == {None}
    target = {"target_fpir": "0.1"}
    refused = service.post(
        f"/galleries/{name}/identify", files={"image": fakes.photo(1)}, data=target
    )
    assert slug(refused) == (422, "unsupported-fpir")


def test_several_images_are_one_template_without_rates_of_a_search(service, people):
    takes = [fakes.photo(9, take) for take in range(3)]
    enrolled = enrol(service, people, "Zoë Ann", *takes)
    assert (enrolled["images"], enrolled["created"]) == (3, True)
    at = f"/galleries/{people}/identities/{quote('Zoë Ann')}"
    found = service.get(at, params={"templates": "true"}).json()
    np.testing.assert_allclose(found["template"], embed(service, *takes)[0].mean(0), atol=1e-6)
    assert service.get(at).json()["template"] is None
    probe = {"image": fakes.photo(9, 4)}
    answer = service.post(f"/galleries/{people}/identify", files=probe).json()
    assert (answer["size"], answer["identification"], answer["threshold"]) == (6, None, None)
    assert "several images" in answer["identification_reason"]
    assert answer["candidates"][0]["identity"] == "Zoë Ann"


def test_a_claim_is_decided_by_the_operating_point_of_the_numbers_of_images(service, people):
    takes = [fakes.photo(7, take) for take in range(2)]
    enrol(service, people, "two", *takes)
    probe = fakes.photo(7, 5)
    claim = service.post(f"/galleries/{people}/verify/two", files={"image": probe})
    pair = [("image1", probe), *(("image2", take) for take in takes)]
    same = service.post("/verify", files=pair).json()
    assert claim.json().keys() == same.keys()
    for member in ("same", "images", "threshold", "operating_point", "decision", "model"):
        assert claim.json()[member] == same[member], member
    assert claim.json()["energy"] == pytest.approx(same["energy"], abs=1e-6)
    other = service.post(
        f"/galleries/{people}/verify/p1", files={"image": fakes.photo(4)}, data={"fmr": "0.01"}
    ).json()
    assert other["same"] is False
    unmeasured = [("image", fakes.photo(1, take)) for take in range(5)]
    refused = service.post(f"/galleries/{people}/verify/p1", files=unmeasured)
    assert slug(refused) == (422, "unsupported-template")
    assert slug(service.post(f"/galleries/{people}/verify/none", files={"image": probe})) == (
        404,
        "unknown-identity",
    )


def test_codes_are_searched_by_their_bits(service, name):
    service.put(f"/galleries/{name}?model=tiny-codes")
    for identity in range(6):
        enrol(service, name, f"p{identity}", fakes.photo(identity))
    enrol(service, name, "several", fakes.photo(7), fakes.photo(7, 1))
    probe = fakes.photo(2, take=1)
    answer = service.post(
        f"/galleries/{name}/identify", files={"image": probe}, data={"threshold": "9"}
    ).json()
    photos = [fakes.photo(identity) for identity in range(6)]
    sent = [("image", image) for image in (probe, *photos)]
    codes = service.post("/embed", files=sent, data={"model": "tiny-codes"}).json()["embeddings"]
    bits = np.unpackbits(np.array(codes, np.uint8), axis=1)
    distances = {f"p{i}": int((row != bits[0]).sum()) for i, row in enumerate(bits[1:])}
    found = {each["identity"]: each["energy"] for each in answer["candidates"]}
    assert found.pop("several") >= 0
    assert found == distances


def test_identities_are_listed_a_page_at_a_time(service, people):
    at, listed, after = f"/galleries/{people}/identities", [], ""
    while after is not None:
        page = service.get(at, params={"limit": 2} | ({"after": after} if after else {})).json()
        listed += [each["name"] for each in page["identities"]]
        after = page["next"]
    assert listed == ["p0", "p1", "p2", "p3", "p4"]
    assert slug(service.get(at, params={"limit": 0})) == (422, "bad-parameter")
    assert slug(service.get(at, params={"limits": 1})) == (422, "bad-parameter")


def test_what_is_erased_is_found_no_more_and_the_receipt_says_so(service, people):
    receipt = service.delete(f"/galleries/{people}/identities/p3").json()
    assert receipt["identities"] == 1
    assert receipt["gone"]
    again = service.delete(f"/galleries/{people}/identities/p3")
    assert slug(again) == (404, "unknown-identity")
    found = service.post(f"/galleries/{people}/identify", files={"image": fakes.photo(3)}).json()
    assert found["size"] == 4
    assert "p3" not in {each["identity"] for each in found["candidates"]}
    assert service.delete(f"/galleries/{people}").json()["identities"] == 4
    assert slug(service.get(f"/galleries/{people}/identities")) == (404, "unknown-gallery")


def test_two_galleries_are_exchanged(service, people):
    other = f"{people}.new"
    service.put(f"/galleries/{other}?model=tiny-codes")
    answer = service.post(f"/galleries/{people}/swap", params={"other": other}).json()
    assert [each["model"]["name"] for each in answer["galleries"]] == ["tiny-codes", "tiny"]
    assert service.get(f"/galleries/{other}/identities/p1").status_code == 200
    missing = service.post(f"/galleries/{people}/swap", params={"other": "none"})
    assert slug(missing) == (404, "unknown-gallery")


@pytest.mark.parametrize(
    ("gallery", "identity"), [("-a", "ann"), ("a", "a%0Ab"), ("a", " a"), ("a", "a" * 129)]
)
def test_names_that_cannot_be_used_are_refused(service, gallery, identity):
    answer = service.get(f"/galleries/{gallery}/identities/{identity}")
    assert slug(answer) == (422, "bad-parameter")


def test_a_body_that_cannot_be_used_stores_nothing(service, name):
    service.put(f"/galleries/{name}")
    at = f"/galleries/{name}/identities/ann"
    bad = [
        service.put(at, files={"image": b"no image"}),
        service.put(at, files=[("image", fakes.photo(1))] * 33),
        service.put(at, files={"other": fakes.photo(1)}),
        service.put(at, files={"image": fakes.photo(1)}, data={"model": "tiny"}),
        service.put(at, json={"embedding": [1.0]}),
        service.put(at, content=b"x", headers={"Content-Type": "text/plain"}),
    ]
    assert [each.status_code for each in bad] == [415, 413, 422, 422, 422, 415]
    assert slug(service.get(at)) == (404, "unknown-identity")


def test_enrolments_and_erasures_are_in_the_audit_log_with_names_and_no_vector(
    service, name, caplog
):
    with caplog.at_level(logging.INFO, "app.audit"):
        service.put(f"/galleries/{name}")
        enrol(service, name, "ann", fakes.photo(1))
        enrol(service, name, "ann", fakes.photo(2))
        service.delete(f"/galleries/{name}/identities/ann")
        service.delete(f"/galleries/{name}")
    lines = [each.getMessage() for each in caplog.records if each.name == "app.audit"]
    assert [line.split()[0] for line in lines] == ["create", "enrol", "replace", "erase", "drop"]
    assert all(f"gallery={name}" in line and len(line) < 200 for line in lines)
    assert "name='ann'" in lines[1]


@of_sqlite
def test_a_model_that_changed_is_a_409_that_says_what_to_do(models_dir, store_url, name, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(models_dir, folder)
    settings = Settings(models_dir=folder, default_model="tiny-codes", gallery_url=store_url)
    with TestClient(create_app(settings)) as service:
        service.put(f"/galleries/{name}?model=tiny")
        enrol(service, name, "ann", fakes.photo(1))
    shutil.rmtree(folder / "tiny")
    fakes.make_bundle(folder, "tiny", seed=5, identification=fakes.make_identification())
    probe = {"image": fakes.photo(1)}
    with TestClient(create_app(settings)) as service:
        for answer in (
            service.post(f"/galleries/{name}/identify", files=probe),
            service.post(f"/galleries/{name}/verify/ann", files=probe),
            service.put(f"/galleries/{name}/identities/ben", files=probe),
        ):
            assert slug(answer) == (409, "model-changed")
            assert "re-enrol" in answer.json()["detail"]
        assert service.get(f"/galleries/{name}/identities/ann").status_code == 200
        assert service.delete(f"/galleries/{name}/identities/ann").status_code == 200
    shutil.rmtree(folder / "tiny")
    with TestClient(create_app(settings)) as service:
        gone = service.post(f"/galleries/{name}/identify", files=probe)
        assert slug(gone) == (409, "model-changed")


@of_sqlite
def test_a_store_that_is_slow_or_gone_is_a_503_in_time_and_verify_is_untouched(
    models_dir, store_url, name, monkeypatch
):
    from app.gallery.sql.store import SqlStore  # noqa: PLC0415

    released = threading.Event()
    settings = Settings(
        models_dir=models_dir,
        default_model="tiny",
        gallery_url=store_url,
        gallery_threads=1,
        max_waiting=1,
        threads=1,
    )
    pair = {"image1": fakes.photo(1), "image2": fakes.photo(1, 1)}
    with TestClient(create_app(settings)) as service:
        service.put(f"/galleries/{name}")
        real = SqlStore.galleries
        monkeypatch.setattr(SqlStore, "galleries", lambda store: released.wait(30) and real(store))
        began = time.monotonic()
        late = service.get("/galleries", headers={"X-Deadline-Ms": "100"})
        assert slug(late) == (503, "store")
        assert late.headers["Retry-After"]
        assert time.monotonic() - began < 2
        waits = service.get("/galleries", headers={"X-Deadline-Ms": "50"})
        assert slug(waits) == (503, "store")
        assert slug(service.get("/galleries")) == (503, "overloaded")
        assert service.post("/verify", files=pair).status_code == 200
        released.set()
        monkeypatch.undo()
    gone = Settings(
        models_dir=models_dir,
        default_model="tiny",
        gallery_url="postgresql+psycopg://nobody@127.0.0.1:9/none",
        deadline_ms=2000,
    )
    with TestClient(create_app(gone)) as service:
        assert slug(service.get("/galleries")) == (503, "store")
        assert service.post("/verify", files=pair).status_code == 200


@of_sqlite
def test_a_key_does_what_its_scopes_allow(models_dir, store_url, name, tmp_path):
    keys = {}
    with (tmp_path / "keys.txt").open("w") as file:
        for scopes in ("read", "read,write", "read,erase"):
            keys[scopes], entry = make_key(scopes.replace(",", "-"), parse_scopes(scopes))
            file.write(f"{entry.line}\n")
    settings = Settings(
        models_dir=models_dir,
        default_model="tiny",
        gallery_url=store_url,
        api_keys_file=tmp_path / "keys.txt",
    )
    one, at = {"image": fakes.photo(1)}, f"/galleries/{name}/identities"

    with TestClient(create_app(settings)) as service:

        def call(scopes, method, path, **sent):
            headers = {"X-API-Key": keys[scopes]}
            return service.request(method, path, headers=headers, **sent)

        refused = call("read", "PUT", f"/galleries/{name}")
        assert slug(refused) == (403, "scope")
        assert call("read,erase", "PUT", f"/galleries/{name}").status_code == 403
        assert call("read,write", "PUT", f"/galleries/{name}").status_code == 200
        assert call("read", "PUT", f"{at}/ann", files=one).status_code == 403
        assert call("read,write", "PUT", f"{at}/ann", files=one).status_code == 200
        identified = call("read", "POST", f"/galleries/{name}/identify", files=one)
        assert identified.status_code == 200
        assert call("read", "GET", at).status_code == 200
        assert slug(call("read", "GET", f"{at}?templates=true")) == (403, "scope")
        assert slug(call("read", "GET", f"{at}/ann?templates=true")) == (403, "scope")
        assert call("read,write", "GET", f"{at}/ann?templates=true").status_code == 200
        swap = f"/galleries/{name}/swap?other={name}"
        assert call("read", "POST", swap).status_code == 403
        assert call("read,write", "DELETE", f"{at}/ann").status_code == 403
        assert call("read,erase", "DELETE", f"{at}/ann").status_code == 200
        assert call("read,erase", "DELETE", f"/galleries/{name}").status_code == 200
