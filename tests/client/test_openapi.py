"""The client beside the OpenAPI document: a change of the one is a change of the other."""

import inspect
import json
import re
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from functools import cache
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

import httpx
import likewise_client as lc
import numpy as np
import pytest
from likewise_client.manifest import Manifest, ModelSummary
from likewise_client.parsing import json_name

from app.server.openapi import document
from model.bundle import sha256
from tests import fakes

PHOTO, OTHER = fakes.photo(1), fakes.photo(2)
POINTS = np.zeros((5, 2))
ROW = np.zeros(fakes.DIM, np.float32)

NOT_OFFERED = {"livez", "metrics"}  # For an orchestrator, and for Prometheus.
CALLS = {
    "verify": lambda s: s.verify(
        *(PHOTO, OTHER),
        model="tiny",
        threshold=1.5,
        fmr=0.1,
        fnmr=0.1,
        cost_false_match=100,
        cost_false_non_match=10,
        prior=0.5,
        face="largest",
        landmarks1=POINTS,
        landmarks2=POINTS,
    ),
    "embed": lambda s: s.embed([PHOTO, OTHER], model="tiny", face="largest", landmarks=POINTS),
    "compare": lambda s: s.compare(
        *([ROW, ROW], [[ROW, ROW]]),
        model="tiny",
        threshold=1.5,
        fmr=0.1,
        fpir=0.1,
        sha256=sha256(fakes.encoder_graph()),
    ),
    "preview": lambda s: s.preview(PHOTO, model="tiny", face="central", landmarks=POINTS),
    "list_models": lambda s: s.models(),
    "get_model": lambda s: s.model("tiny"),
    "readyz": lambda s: s.ready(),
    "list_galleries": lambda s: s.galleries(),
    "create_gallery": lambda s: s.create_gallery("people", model="tiny"),
    "erase_gallery": lambda s: s.erase_gallery("people"),
    "swap_galleries": lambda s: s.swap_galleries("people", "other"),
    "enrol": lambda s: s.enrol(
        "people", "Zoë Ann", [PHOTO, OTHER], face="largest", landmarks=POINTS
    ),
    "list_identities": lambda s: s.identities("people", after="a", limit=2, templates=True),
    "get_identity": lambda s: s.identity("people", "ann", templates=True),
    "erase_identity": lambda s: s.erase("people", "ann"),
    "list_neighbours": lambda s: s.neighbours("people", "ann", top=3),
    "identify": lambda s: s.identify(
        *("people", PHOTO),
        top=3,
        target_fpir=0.1,
        threshold=1.5,
        face="largest",
        landmarks=POINTS,
    ),
    "verify_claim": lambda s: s.verify_claim(
        *("people", "ann", [PHOTO, OTHER]),
        threshold=1.5,
        fmr=0.1,
        face="largest",
        landmarks=POINTS,
    ),
}
SCALARS = {float: "number", int: "integer", str: "string", bool: "boolean"}
METHODS = ["verify", "embed", "compare", "preview", "models", "model", "ready"]


@cache
def api():
    return json.loads(document())


def schema_of(name):
    return api()["components"]["schemas"][name]


def operations():
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in api()["paths"].items()
        for method, operation in methods.items()
    }


class Recording(httpx.BaseTransport):
    """The application, and the requests that it was sent."""

    def __init__(self, app_client):
        self.app_client, self.requests = app_client, []

    def handle_request(self, request):
        self.requests.append(request)
        answer = self.app_client.request(
            request.method,
            request.url.raw_path.decode(),
            content=request.content,
            headers=dict(request.headers),
        )
        return httpx.Response(answer.status_code, content=answer.content)


@pytest.fixture
def recorded(client):
    """The one request of a call that is given all that it takes."""

    def request_of(name):
        transport = Recording(client)
        with (
            # Costs do not go with a threshold, and this service has no galleries.
            suppress(lc.ChoiceRefused, lc.GalleryProblem),
            lc.Likewise("http://test", deadline_s=9.5, transport=transport) as service,
        ):
            CALLS[name](service)
        (request,) = transport.requests
        return request

    return request_of


def form_of(request):
    """The names of the parts of a multipart body."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + request.content)
    return {part.get_param("name", header="Content-Disposition") for part in message.iter_parts()}


def names_in(place, operation):
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == place}


def resolved(schema):
    reference = schema.get("$ref")
    return schema_of(reference.rpartition("/")[2]) | schema if reference else schema


ADDED = {"answer.domain", "answer.withheld", "answer.meaning"}
"""Members that a service of an earlier release leaves out; the client then has None."""


def differences(kind, schema, at="answer"):
    """Where a type of the client is not the one that the document describes."""
    schema, origin, arguments = resolved(schema), get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        yield from differences_of_object(kind, schema, at)
    elif origin in {Union, UnionType}:
        value, null = schema.get("anyOf", [schema, None])
        yield from [] if null == {"type": "null"} else [f"{at}: never null"]
        yield from differences(arguments[0], value, at)
    elif origin is tuple and arguments[1] is not Ellipsis:
        items = schema.get("prefixItems", [])
        yield from [] if len(items) == len(arguments) else [f"{at}: {len(items)} items"]
        for argument, item in zip(arguments, items, strict=False):
            yield from differences(argument, item, at)
    elif origin is tuple:
        yield from differences(arguments[0], schema.get("items", {}), f"{at}[]")
    elif origin is np.ndarray:
        scalar = type(np.zeros(1, get_args(arguments[1])[0]).tolist()[0])
        yield from differences(scalar, schema.get("items", {}), f"{at}[]")
    elif origin is dict:
        yield from differences(arguments[1], schema.get("additionalProperties", {}), f"{at}[]")
    else:
        allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
        listed = arguments if origin is Literal else None
        scalar = SCALARS.get(kind if listed is None else type(listed[0]), "string")
        yield from [] if schema.get("type") == scalar else [f"{at}: {schema} is no {scalar}"]
        yield from [] if set(listed or []) == set(allowed or []) else [f"{at}: one of {allowed}"]


def differences_of_object(kind, schema, at):
    mine = {json_name(field.name): field for field in fields(kind) if field.name != "members"}
    theirs, hints = schema.get("properties", {}), get_type_hints(kind)
    yield from [f"{at}.{name}: in one only" for name in mine.keys() ^ theirs.keys()]
    for name in mine.keys() & theirs.keys():
        default, place = mine[name].default, f"{at}.{name}"
        if place in ADDED:
            assert default is None, place
            kind = hints[mine[name].name]
            always = "anyOf" not in resolved(theirs[name])
            yield from differences(get_args(kind)[0] if always else kind, theirs[name], place)
            continue
        yield from differences(hints[mine[name].name], theirs[name], place)
        if (default is MISSING) != (name in schema.get("required", [])):
            yield f"{place}: left out by one only"
        expected = theirs[name].get("default")
        if default is not MISSING and default != (
            tuple(expected) if isinstance(expected, list) else expected
        ):
            yield f"{place}: the default is {expected}"


def answer_schema(name):
    return resolved(
        operations()[name][2]["responses"]["200"]["content"]["application/json"]["schema"]
    )


def test_every_operation_is_offered_or_left_out_on_purpose():
    assert set(CALLS) | NOT_OFFERED == set(operations())
    assert not set(CALLS) & NOT_OFFERED


@pytest.mark.parametrize("name", CALLS)
def test_a_request_is_one_of_the_document_and_can_give_all_its_parameters(name, recorded):
    method, path, operation = operations()[name]
    request = recorded(name)
    assert request.method == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
    assert all(header in request.headers for header in names_in("header", operation))
    given, described = set(request.url.params), names_in("query", operation)
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        kind = request.headers["Content-Type"].partition(";")[0]
        described |= body[kind]["schema"].get("properties", {}).keys()
        given |= form_of(request) if kind == "multipart/form-data" else set()
    assert given == described


def test_the_deadline_is_sent_in_milliseconds(recorded):
    assert recorded("verify").headers["X-Deadline-Ms"] == "9500.0"


def test_no_boundary_is_known_beforehand(recorded):
    boundaries = {recorded("verify").headers["Content-Type"].partition("=")[2] for _ in range(3)}
    assert len(boundaries) == 3
    assert min(len(boundary) for boundary in boundaries) >= 32


def test_answers_have_the_fields_and_types_of_the_document():
    assert list(differences(lc.Verification, answer_schema("verify"))) == []
    assert list(differences(lc.Comparison, answer_schema("compare"))) == []
    assert list(differences(Manifest, answer_schema("get_model"))) == []
    assert list(differences(lc.Gallery, answer_schema("create_gallery"), "it")) == []
    assert list(differences(lc.Enrolment, answer_schema("enrol"), "it")) == []
    assert list(differences(lc.IdentityPage, answer_schema("list_identities"), "it")) == []
    assert list(differences(lc.Erasure, answer_schema("erase_identity"), "it")) == []
    assert list(differences(lc.Identified, answer_schema("identify"), "it")) == []
    assert list(differences(lc.Neighbours, answer_schema("list_neighbours"), "it")) == []
    models = answer_schema("list_models")["properties"]["models"]
    assert list(differences(tuple[ModelSummary, ...], models)) == []


def test_embeddings_are_rows_of_floats_or_of_integers_and_their_model():
    properties = answer_schema("embed")["properties"]
    floats, codes = properties["embeddings"]["anyOf"]
    assert list(differences(tuple[tuple[float, ...], ...], floats)) == []
    assert list(differences(tuple[tuple[int, ...], ...], codes)) == []
    assert list(differences(lc.Model, properties["model"])) == []
    assert list(differences(lc.Domain, properties["domain"])) == []


@dataclass(frozen=True)
class Wrong:
    """`Provenance` with a mistake of each sort."""

    seed: str
    renewed_by: str
    libraries: dict[str, int]
    teacher: lc.Model
    data: str | None = None


def test_a_difference_would_be_found():
    schema = schema_of("Provenance")
    found = {line.partition(":")[0] for line in differences(Wrong, schema, "it")}
    assert {"it.seed", "it.renewed_by", "it.libraries[]", "it.teacher", "it.data"} <= found
    assert {"it.command", "it.git_revision"} <= found
    assert list(differences(Literal["a"], {"type": "string", "enum": ["a", "b"]}))
    assert list(differences(tuple[float, float], {"prefixItems": [{"type": "number"}]}))


@pytest.mark.parametrize(
    "name", ["verify", "embed", "compare", "preview", "models", "model", "ready"]
)
def test_both_clients_take_the_same(name):
    one, other = (
        inspect.signature(getattr(kind, name)) for kind in (lc.Likewise, lc.AsyncLikewise)
    )
    assert one == other
    assert inspect.iscoroutinefunction(getattr(lc.AsyncLikewise, name))


def test_what_a_newer_service_adds_is_kept_and_what_is_wrong_is_refused(client):
    members = client.get("/models/tiny").json()
    newer = members | {"colour": "blue"}
    assert Manifest.from_dict(newer).to_dict() == newer
    assert Manifest.from_dict(newer) == Manifest.from_dict(members)
    for wrong in ({"version": 2}, {"kind": "none"}, {"schema_version": 3}, {"card": None}):
        with pytest.raises((TypeError, ValueError, AttributeError)):
            Manifest.from_dict(members | wrong)
