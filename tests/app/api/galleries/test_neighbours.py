"""Who is near whom among the enrolled."""

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.scoring import energy
from tests import fakes


@pytest.fixture(scope="module")
def service(models_dir, store_url):
    settings = Settings(
        models_dir=models_dir, default_model="tiny", threads=2, gallery_url=store_url
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def enrol(service, gallery, identity, *images):
    files = [("image", image) for image in images]
    answer = service.put(f"/galleries/{gallery}/identities/{identity}", files=files)
    assert answer.status_code == 200, answer.text


def neighbours(service, gallery, identity, **query):
    at = f"/galleries/{gallery}/identities/{identity}/neighbours"
    return service.get(at, params=query)


def test_the_others_are_ranked_by_the_energy_of_their_templates(service, name):
    service.put(f"/galleries/{name}")
    for identity in range(6):
        enrol(service, name, f"p{identity}", fakes.photo(identity))
    enrol(service, name, "p2 again", fakes.photo(2, take=1), fakes.photo(2, take=2))
    sent = [("image", fakes.photo(identity)) for identity in range(6)]
    sent += [("image", fakes.photo(2, take=take)) for take in (1, 2)]
    rows = np.array(service.post("/embed", files=sent).json()["embeddings"], np.float32)
    templates = {f"p{i}": rows[i] for i in range(6)} | {"p2 again": rows[6:].mean(axis=0)}
    own = templates.pop("p2")
    expected = {other: float(energy("l2", row, own)) for other, row in templates.items()}
    answer = neighbours(service, name, "p2").json()
    found = {each["identity"]: each["energy"] for each in answer["neighbours"]}
    assert list(found) == sorted(expected, key=expected.get)
    assert found == pytest.approx(expected, abs=1e-6)
    assert [each["rank"] for each in answer["neighbours"]] == [1, 2, 3, 4, 5, 6]
    assert (answer["others"], answer["images"]) == (6, 1)
    first = neighbours(service, name, "p2", top=1).json()["neighbours"]
    assert first == answer["neighbours"][:1]


def test_templates_of_codes_are_compared_bit_by_bit(service, name):
    service.put(f"/galleries/{name}?model=tiny-codes")
    for identity in range(3):
        enrol(service, name, f"p{identity}", fakes.photo(identity))
    enrol(service, name, "both", fakes.photo(1), fakes.photo(2))
    at = f"/galleries/{name}/identities"
    stored = service.get(at, params={"templates": "true"}).json()["identities"]
    bits = {
        each["name"]: np.array(each["template"])
        if each["name"] == "both"
        else np.unpackbits(np.array(each["template"], np.uint8)).astype(float)
        for each in stored
    }
    for own in ("p1", "both"):
        answer = neighbours(service, name, own).json()["neighbours"]
        found = {each["identity"]: each["energy"] for each in answer}
        expected = {
            other: float(((row - bits[own]) ** 2).sum())
            for other, row in bits.items()
            if other != own
        }
        assert found == pytest.approx(expected, abs=1e-4)


def test_a_single_identity_has_no_neighbours_and_an_unknown_one_is_a_404(service, name):
    service.put(f"/galleries/{name}")
    enrol(service, name, "ann", fakes.photo(1))
    alone = neighbours(service, name, "ann").json()
    assert (alone["neighbours"], alone["others"]) == ([], 0)
    assert neighbours(service, name, "ben").status_code == 404
    assert neighbours(service, "none", "ann").status_code == 404
    assert neighbours(service, name, "ann", top=0).status_code == 422
