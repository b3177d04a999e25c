"""Requests made from the OpenAPI document: what it allows is answered, what it forbids refused."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import positive_data_acceptance

CALLS = [
    ("POST", "/verify"),
    ("POST", "/embed"),
    ("POST", "/compare"),
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
def document(client):
    return schemathesis.openapi.from_asgi("/openapi.json", client.app)


def test_every_call_of_the_document_is_tried(document):
    found = [result.ok() for result in document.get_all_operations()]
    assert {(call.method.upper(), call.path) for call in found} == set(CALLS)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_what_the_document_allows_is_answered_as_it_says(document, method, path):
    """What makes bytes an image, and a list an embedding of this model, no schema can say."""

    @FIXED
    @given(document[path][method].as_strategy())
    def each(case):
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    each()


@pytest.mark.parametrize("path", ["/verify", "/embed", "/compare"])
def test_what_the_document_forbids_is_refused(document, path):
    forbidden = schemathesis.GenerationMode.NEGATIVE

    @FIXED
    @given(document[path]["POST"].as_strategy(generation_mode=forbidden))
    def each(case):
        case.call_and_validate()

    each()
