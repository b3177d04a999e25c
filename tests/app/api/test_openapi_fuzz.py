"""Requests made from the OpenAPI document: what it allows is answered, what it forbids refused."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import (
    negative_data_rejection,
    not_a_server_error,
    positive_data_acceptance,
)
from starlette.testclient import TestClient

from app.gallery.sql.commands import run
from app.main import create_app

CALLS = [
    ("POST", "/verify"),
    ("POST", "/embed"),
    ("POST", "/compare"),
    ("POST", "/preview"),
    ("GET", "/galleries"),
    ("PUT", "/galleries/{gallery}"),
    ("DELETE", "/galleries/{gallery}"),
    ("POST", "/galleries/{gallery}/swap"),
    ("GET", "/galleries/{gallery}/identities"),
    ("PUT", "/galleries/{gallery}/identities/{identity}"),
    ("GET", "/galleries/{gallery}/identities/{identity}"),
    ("DELETE", "/galleries/{gallery}/identities/{identity}"),
    ("GET", "/galleries/{gallery}/identities/{identity}/neighbours"),
    ("POST", "/galleries/{gallery}/identify"),
    ("POST", "/galleries/{gallery}/verify/{identity}"),
    ("GET", "/models"),
    ("GET", "/models/{name}"),
    ("GET", "/livez"),
    ("GET", "/readyz"),
]
FIXED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def document(settings, tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('gallery') / 'gallery.db'}"
    run("migrate", url)
    with TestClient(create_app(settings.model_copy(update={"gallery_url": url}))) as client:
        yield schemathesis.openapi.from_asgi("/openapi.json", client.app)


def test_every_call_of_the_document_is_tried(document):
    found = [result.ok() for result in document.get_all_operations()]
    assert {(call.method.upper(), call.path) for call in found} == {*CALLS, ("GET", "/metrics")}


def validate(case, *excluded):
    """Three refusals are right where the checks know of none.

    504, or 503 of a gallery's store, for a deadline that the request itself makes too short, and
    413 for a forbidden body that is too large before it is anything else.
    """
    response = case.call()
    too_late = dict.fromkeys((503, 504), not_a_server_error)
    right = {**too_late, 413: negative_data_rejection}.get(response.status_code)
    if response.status_code in too_late:
        assert "X-Deadline-Ms" in case.headers
    case.validate_response(response, excluded_checks=[*excluded, *([right] if right else [])])


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_what_the_document_allows_is_answered_as_it_says(document, method, path):
    """What makes bytes an image, and a list an embedding of this model, no schema can say."""

    @FIXED
    @given(document[path][method].as_strategy())
    def each(case):
        validate(case, positive_data_acceptance)

    each()


@pytest.mark.parametrize("path", ["/verify", "/embed", "/compare", "/preview"])
def test_what_the_document_forbids_is_refused(document, path):
    forbidden = schemathesis.GenerationMode.NEGATIVE

    @FIXED
    @given(document[path]["POST"].as_strategy(generation_mode=forbidden))
    def each(case):
        validate(case)

    each()
