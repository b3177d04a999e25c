"""Examples of the OpenAPI document; tests request each from the service.

`scripts/api_examples.py` writes the answers of the shipped models to the drawings in `examples/` to
`examples.json`. The requests work with `Try it out`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TINY_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAE0lEQVR42mNk4IIARhEog4UsBgBkjwLXcuS+/gAAAA"
    "BJRU5ErkJggg=="
)
PAIR: dict[str, Any] = {"image1": _TINY_PNG, "image2": "data:image/png;base64," + _TINY_PNG}
COMPARISON: dict[str, Any] = {"probe": [0.6, 0.8], "gallery": [[0.6, 0.8], [1.0, 0.0]]}
PAIR_FORM: dict[str, Any] = {"image1": "bytes of a file", "image2": "bytes of a file", "fmr": 0.01}

ANSWERS: Mapping[str, Any] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
)
"""The service's answer by path; with the method before it, where a path has several."""
SHA256: str = ANSWERS["/embed"]["model"]["sha256"]
"""The model of an embedding."""

REQUEST_ID = "5f0c2b1e9d3a4c7f8e6d5b4a3c2d1e0f"
MEMBERS: Mapping[str, Mapping[str, Any]] = {
    "api-key": {
        "detail": (
            "this service asks for an API key; send it as `Authorization: Bearer KEY` or as "
            "`X-API-Key: KEY`"
        )
    },
    "bad-embedding": {
        "detail": "probe row 0 has 2 numbers; this model's embeddings have 128",
        "row": 0,
    },
    "bad-landmarks": {
        "detail": (
            "image1: the landmark 900, 40 is far outside the picture of 320 x 320 pixels; they are "
            "pixels of the upright image"
        )
    },
    "bad-parameter": {
        "detail": "fmr: Input should be less than or equal to 1",
        "errors": [{"field": "fmr", "message": "Input should be less than or equal to 1"}],
    },
    "bad-part": {"detail": "no part image2; send both images"},
    "body-timeout": {"detail": "the body was not all there after 30 s"},
    "body-too-large": {"detail": "the body has more than the 64,000,000 bytes that are taken"},
    "broken-image": {
        "detail": (
            "image1: the JPEG image is damaged or cut short (image file is truncated (6 bytes not "
            "processed)); send the whole file"
        )
    },
    "deadline": {"detail": "no answer within 10 s; try again, or send less at once"},
    "encoding-failed": {
        "detail": "the model gave no finite embedding for image 0 of 2 (counted from 0)"
    },
    "gallery-exists": {
        "detail": (
            "there is a gallery 'people' of faces 3.1.0 already; take another name, or erase it "
            "first"
        )
    },
    "image-too-large": {
        "detail": "image1: the image has more than the 10,000,000 bytes that are taken"
    },
    "internal": {"detail": "see the service's log for this request id"},
    "model-changed": {
        "detail": (
            "the embedding is of the model 000000000000…, and the gallery's is faces 3.1.0, "
            "07b8a05fd257…; embed the images with that one"
        )
    },
    "model-refused": {
        "detail": "the model 'signs' did not pass its checks; the service's log says why"
    },
    "no-gallery-store": {
        "detail": (
            "this service has no store for galleries: set LIKEWISE_GALLERY_URL, as in "
            "sqlite:///PATH, run python -m app.gallery migrate, and start it again"
        )
    },
    "not-acceptable": {
        "detail": "the answer is application/json, and Accept takes neither it nor */*"
    },
    "not-ready": {"detail": "the service is starting or stopping; try again in a moment"},
    "nothing-located": {
        "detail": (
            "image1: nothing is located in the picture; send one that shows the thing upright, "
            "whole and not too small"
        )
    },
    "other-graph": {
        "detail": (
            "these embeddings are not of faces 3.1.0 as it is served here; embed the images again "
            "by /embed"
        )
    },
    "overloaded": {"detail": "every worker is busy and the queue is full; try again shortly"},
    "runner-failed": {"detail": "the runner failed; try again in a moment"},
    "scope": {"detail": "this call needs an API key with the scope write; this one has read"},
    "several-located": {
        "detail": (
            "image1: 2 things are located in the picture; send one with a single thing, or "
            "face=largest or face=central"
        )
    },
    "store": {"detail": "the gallery's store has not answered within the deadline"},
    "store-full": {
        "detail": (
            "the gallery's store has no room left, and nothing was stored; its operator has to "
            "make room"
        )
    },
    "too-many-images": {"detail": "more than 32 images in one call; send them in several"},
    "unknown-gallery": {"detail": "there is no gallery 'none'; PUT /galleries/none makes it"},
    "unknown-identity": {"detail": "there is no identity 'none' in the gallery 'people'"},
    "unknown-model": {
        "detail": "there is no model 'none'; there is: att-chopra, faces, faces-crops, omniglot",
        "available": ["att-chopra", "faces", "faces-crops", "omniglot"],
    },
    "unreadable-body": {
        "detail": ("the body is not JSON: Expecting value: line 1 column 1 (char 0)")
    },
    "unsupported-body": {
        "detail": "the body is of type text/plain; send multipart/form-data or application/json"
    },
    "unsupported-fpir": {
        "detail": (
            "a target FPIR of 0.05 for a gallery of 11 is not supported by what was measured; "
            "supported, with the largest gallery: 0.1 up to 100, 0.05 up to 10"
        ),
        "largest_galleries": [[0.1, 100], [0.05, 10]],
    },
    "unsupported-fmr": {
        "detail": (
            "no operating point with a target FMR of 0.02 is supported by this bundle's "
            "calibration data; supported: 0.1, 0.05, 0.01, 0.001, 0.0001"
        ),
        "supported": [0.1, 0.05, 0.01, 0.001, 0.0001],
    },
    "unsupported-template": {
        "detail": (
            "the model faces has no operating points for 7 and 1 images; there are some for 1 and "
            "1, 1 and 2, 2 and 2. Send so many, or your own threshold"
        ),
        "supported": [[1, 2], [2, 2]],
    },
    "unsupported-image": {
        "detail": (
            "image1: this is text, not an image that is read here; send the bytes of the image; "
            "send one of JPEG, PNG, WEBP, BMP, GIF, TIFF, PPM, HEIF"
        )
    },
    "wrong-kind": {
        "detail": (
            "the model 'pair' compares two images and has no embeddings: send both images to "
            "POST /verify, or name a model that has them (there is: none)"
        )
    },
}
"""By the last word of a problem's type: its members, without type, title and status."""


def problem(type_prefix: str, slug: str, title: str, status: int) -> dict[str, Any]:
    """Return a problem as the service answers it."""
    members = dict(MEMBERS[slug])
    return {
        "type": type_prefix + slug,
        "title": title,
        "status": status,
        "detail": members.pop("detail"),
        "request_id": REQUEST_ID,
        **members,
    }


def answered(path: str) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` entry of a call's answer, with its example."""
    return {200: {"content": {"application/json": {"example": ANSWERS[path]}}}}
