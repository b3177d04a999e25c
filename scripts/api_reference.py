"""Reference of the API as a page, made from the OpenAPI document."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

_HEAD = """\
# Reference of the API

This page is made from the OpenAPI document, which the service gives at `/openapi.json`; every
example is an answer of the service. [The API](api.md) explains the calls and shows them with curl.
"""
_PROBLEM = "application/problem+json"


def reference(document: str) -> str:
    """Return the page as Markdown, from the OpenAPI document as JSON."""
    api = json.loads(document)
    parts = [_HEAD]
    for path, calls in api["paths"].items():
        for method, call in calls.items():
            parts += _call(api, f"{method.upper()} {path}", call)
    return "\n".join(parts) + "\n"


def _call(api: dict[str, Any], title: str, call: dict[str, Any]) -> Iterator[str]:
    yield f"## {title}\n\n**{call['summary']}** {call.get('description', '')}\n"
    if call.get("parameters"):
        yield "### Parameters {: #" + f"{call['operationId']}-parameters" + " }\n"
        yield _table(
            ("name", "in", "type", "meaning"),
            [
                (f"`{p['name']}`", p["in"], _type(p["schema"]), p["description"])
                for p in call["parameters"]
            ],
        )
    for kind, content in call.get("requestBody", {}).get("content", {}).items():
        yield f"### Body: `{kind}` {{: #{call['operationId']}-{_slug(kind)} }}\n"
        yield from _content(api, content)
    yield f"### Answer {{: #{call['operationId']}-answer }}\n"
    for kind, content in call["responses"]["200"]["content"].items():
        yield f"`{kind}`\n"
        yield from _content(api, content)
    refused = [
        (status, example["value"])
        for status, response in sorted(call["responses"].items())
        for example in response["content"].get(_PROBLEM, {}).get("examples", {}).values()
    ]
    if refused:
        yield f"### Problems {{: #{call['operationId']}-problems }}\n"
        yield _table(
            ("status", "type", "meaning", "example"),
            [
                (status, f"`{shown['type'].rpartition(':')[2]}`", shown["title"], shown["detail"])
                for status, shown in refused
            ],
        )


def _content(api: dict[str, Any], content: dict[str, Any]) -> Iterator[str]:
    schema = _resolve(api, content["schema"])
    rows = [
        (f"`{name}`", _type(_resolve(api, part)), _description(api, part))
        for name, part in schema.get("properties", {}).items()
    ]
    if rows:
        yield _table(("field", "type", "meaning"), rows)
    elif "description" in schema:
        yield f"{schema['description']}\n"
    example = content.get("example")
    if isinstance(example, str):
        yield f"```text\n{example.strip()}\n```\n"
    elif example is not None:
        yield f"```json\n{json.dumps(example, indent=1, ensure_ascii=False)}\n```\n"


def _resolve(api: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a `$ref` of a schema."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _description(api: dict[str, Any], schema: dict[str, Any]) -> str:
    text: str = schema.get("description") or _resolve(api, schema).get("description", "")
    return text.partition("\n")[0]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(part) for part in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("format") == "binary":
        return "bytes"
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    return str(schema.get("type", "any"))


def _slug(kind: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in kind)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
