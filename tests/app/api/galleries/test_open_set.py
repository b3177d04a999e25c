"""What the service quotes of a search, against searches that it answers, over HTTP.

The people who are enrolled and searched for are none of those whom the quoted rates come from.
"""

import math

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests import fakes, open_set
from tests.galleries import of_sqlite

ENROLLED, PEOPLE = 10, 90


@pytest.fixture(scope="module")
def service(tmp_path_factory, store_url):
    models = tmp_path_factory.mktemp("bundles")
    fakes.make_bundle(models, "drawn", identification=open_set.measure())
    settings = Settings(models_dir=models, default_model="drawn", gallery_url=store_url, threads=1)
    with TestClient(create_app(settings)) as client:
        yield client


@of_sqlite
def test_the_quoted_rates_hold_for_people_who_were_never_enrolled(service, name):
    rows, _ = open_set.draw_people(PEOPLE, 2, seed=7)
    rows = rows.reshape(PEOPLE, 2, -1).tolist()
    sha256 = service.get("/models/drawn").json()["onnx"]["sha256"]
    false_positives, false_negatives = [], []
    for first in (0, 30, 60):
        at = f"/galleries/{name}-{first}"
        assert service.put(at).status_code == 200
        enrolled = range(first, first + ENROLLED)
        for person in enrolled:
            sent = {"embedding": rows[person][0], "sha256": sha256}
            assert service.put(f"{at}/identities/p{person}", json=sent).status_code == 200
        for person in range(PEOPLE):
            sent = {"embedding": rows[person][1], "sha256": sha256, "top": ENROLLED}
            answer = service.post(f"{at}/identify", json=sent).json()
            found = {each["identity"]: each["decision"] == "same" for each in answer["candidates"]}
            if person in enrolled:
                false_negatives.append(not found[f"p{person}"])
            else:
                false_positives.append(any(found.values()))
    quoted = answer["identification"]
    assert (quoted["gallery_size"], quoted["target_fpir"]) == (ENROLLED, 0.1)
    for rate, shares in (("fpir", false_positives), ("fnmr", false_negatives)):
        low, high = quoted[f"{rate}_interval"]
        # The few searches here are uncertain themselves, by three standard errors of people.
        people = min(len(shares), PEOPLE)
        own = 3 * math.sqrt(quoted[rate] * (1 - quoted[rate]) / people)
        assert low - own <= np.mean(shares) <= high + own
        assert 0 < np.mean(shares) < 1
