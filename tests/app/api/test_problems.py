import asyncio
import json

import httpx2
import pytest
from fastapi import FastAPI

from app import errors
from app.api import problems
from app.api.middleware.observability import Observability, Routes
from app.api.problem_types import ANSWERS, TYPE_PREFIX, answer_for, documented
from model import errors as contract

CASES = [
    (contract.UnsupportedImageError("x"), 415, "unsupported-image"),
    (contract.BrokenImageError("x"), 422, "broken-image"),
    (contract.ImageTooLargeError("x"), 413, "image-too-large"),
    (contract.ImageError("x"), 422, "unusable-image"),
    (contract.VectorError("x", row=3), 422, "bad-embedding"),
    (contract.OperatingPointError("x", (0.1, 0.01)), 422, "unsupported-fmr"),
    (contract.SelfCheckError("x"), 503, "self-check-failed"),
    (contract.IntegrityError("x"), 503, "broken-bundle"),
    (errors.UnreadableBodyError("x"), 400, "unreadable-body"),
    (errors.UnsupportedBodyError("x"), 415, "unsupported-body"),
    (errors.NotAcceptableError("x"), 406, "not-acceptable"),
    (errors.BodyTooLargeError("x"), 413, "body-too-large"),
    (errors.BodyTimeoutError("x"), 408, "body-timeout"),
    (errors.ClientGoneError("x"), 400, "client-gone"),
    (errors.TooManyImagesError("x"), 413, "too-many-images"),
    (errors.PartError("x"), 422, "bad-part"),
    (errors.ParameterError("x"), 422, "bad-parameter"),
    (errors.UnknownModelError("x", ["tiny"]), 404, "unknown-model"),
    (errors.KindError("x"), 409, "wrong-kind"),
    (errors.NotReadyError("x"), 503, "not-ready"),
    (errors.OverloadedError("x"), 503, "overloaded"),
    (errors.DeadlineError("x"), 504, "deadline"),
    (errors.ModelRefusedError("x"), 503, "model-refused"),
    (errors.EncodingError("x"), 500, "encoding-failed"),
    (contract.LikewiseError("x"), 500, "internal"),
]


def raising(error):
    """An application of which every request raises this error."""
    app = FastAPI()
    problems.install(app)
    app.add_middleware(Observability, routes=Routes(()), log=None)

    @app.get("/")
    async def fail():
        raise error

    return app


def get(app, path="/", method="GET"):
    async def call():
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers={"X-Request-ID": "abc"})

    return asyncio.run(call())


@pytest.mark.parametrize(("error", "status", "slug"), CASES, ids=lambda c: str(c)[:30])
def test_each_error_becomes_its_problem(error, status, slug):
    response = get(raising(error))
    body = response.json()
    assert response.status_code == body["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:likewise:problem:{slug}"
    assert body["title"] == ANSWERS[next(k for k in type(error).__mro__ if k in ANSWERS)].title
    assert body["detail"] == "x"
    assert body["request_id"] == response.headers["x-request-id"] == "abc"


def test_every_listed_type_is_its_own():
    slugs = [answer.slug for answer in ANSWERS.values()]
    assert len(slugs) == len(set(slugs))


def every_class(base):
    return {base}.union(*(every_class(kind) for kind in base.__subclasses__()))


def test_no_error_that_a_request_can_raise_is_answered_as_internal():
    kinds = every_class(errors.RequestError) | every_class(errors.UnavailableError)
    kinds |= every_class(contract.ImageError) | {contract.VectorError, errors.EncodingError}
    assert not [kind for kind in kinds if answer_for(kind).slug == "internal"]


def test_a_subclass_is_answered_as_its_nearest_ancestor():
    class BlurredImageError(contract.BrokenImageError):
        pass

    assert get(raising(BlurredImageError("x"))).json()["type"].endswith("broken-image")


@pytest.mark.parametrize(
    ("error", "member", "value"),
    [
        (contract.VectorError("x", row=0), "row", 0),
        (contract.OperatingPointError("x", (0.1, 0.01)), "supported", [0.1, 0.01]),
        (errors.UnknownModelError("x", ["a", "b"]), "available", ["a", "b"]),
        (
            errors.ParameterError("x", [{"field": "fmr", "message": "m"}]),
            "errors",
            [{"field": "fmr", "message": "m"}],
        ),
    ],
)
def test_what_a_program_can_use_is_a_member_of_the_problem(error, member, value):
    assert get(raising(error)).json()[member] == value


@pytest.mark.parametrize("error", [errors.OverloadedError("x"), errors.NotReadyError("x")])
def test_what_passes_says_when_to_come_again(error):
    assert get(raising(error)).headers["retry-after"] == "1"


def test_an_unexpected_error_is_a_500_that_tells_nothing_and_a_log_that_tells_all(caplog):
    response = get(raising(ZeroDivisionError("secret")))
    assert response.status_code == 500
    assert response.json()["type"] == "urn:likewise:problem:internal"
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert response.headers["x-request-id"] == "abc"
    assert "request abc failed" in caplog.text
    assert "secret" in caplog.text


def test_an_unexpected_error_with_attributes_of_our_names_is_still_a_500():
    class Foreign(Exception):  # noqa: N818 (not ours to name)
        row = "secret"

        def errors(self):
            return ["secret"]

    response = get(raising(Foreign("secret")))
    assert response.json()["type"] == "urn:likewise:problem:internal"
    assert "secret" not in response.text


def test_a_path_that_does_not_exist_is_a_problem():
    response = get(raising(errors.PartError("x")), "/nowhere")
    assert response.status_code == 404
    assert response.json()["type"] == TYPE_PREFIX + "not-found"


def test_a_method_that_does_not_exist_is_a_problem_with_the_methods_that_do():
    response = get(raising(errors.PartError("x")), method="DELETE")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
    assert response.json()["type"] == TYPE_PREFIX + "method-not-allowed"


def test_errors_of_one_status_are_documented_together():
    entry = documented(errors.PartError, errors.ParameterError)[422]
    assert "bad-part" in entry["description"]
    assert "bad-parameter" in entry["description"]
    assert list(entry["content"]) == ["application/problem+json"]
    json.dumps(entry)
