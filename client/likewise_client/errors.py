"""The tree of errors.

LikewiseClientError
├── UnusableImage          an image cannot be sent; no call was made
├── Unreachable            the service cannot be reached
├── BadAnswer              the answer is not one of a Likewise service
└── ServiceProblem         the service refused the call, with a reason
    ├── NotAuthorised      401: a valid API key is needed
    ├── NotAllowed         403: the API key does not allow the call
    ├── GalleryProblem     404, 409, 507: no such gallery or identity, or of another model
    ├── UnknownModel       404: the service has no such model
    ├── WrongKind          409: the kind of model does not support the call
    ├── ImageRefused       413, 415, 422: an image is damaged, too large, or not an image; or
    │                      nothing, or several things, are located in it
    ├── ChoiceRefused      422: unsupported operating point, or another invalid parameter
    ├── Overloaded         429, 503: still busy or not ready after all retries
    └── DeadlinePassed     504: the deadline of the call has passed
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_PREFIX = "urn:likewise:problem:"


class LikewiseClientError(Exception):
    """Base class of the errors of this client."""


class UnusableImage(LikewiseClientError):  # noqa: N818 (the names state the event, without "Error")
    """An image cannot be sent; no call was made."""


class Unreachable(LikewiseClientError):  # noqa: N818
    """The service cannot be reached, after all retries."""


class BadAnswer(LikewiseClientError):  # noqa: N818
    """The answer is not one of a Likewise service, or of a version this client cannot read."""


class ServiceProblem(LikewiseClientError):  # noqa: N818
    """The service refused the call with a problem document (RFC 9457).

    Attributes:
        status: HTTP status of the answer.
        slug: Last part of the problem's type, such as `broken-image`.
        title: Summary of the type of problem.
        detail: Explanation of this problem, and its remedy.
        request_id: Key of the call in the service's log; None if a gateway answered.
        members: All members of the document, such as the supported operating points.
    """

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.slug = str(members.get("type", "")).removeprefix(_PREFIX)
        self.title = str(members.get("title", f"Answer {status}"))
        self.detail = str(members.get("detail", ""))
        self.request_id: str | None = members.get("request_id")
        self.members = dict(members)
        super().__init__(f"{self.title}: {self.detail}" if self.detail else self.title)


class NotAuthorised(ServiceProblem):
    """A valid API key is needed."""


class NotAllowed(ServiceProblem):
    """The API key is valid, and its scopes do not allow the call."""


class GalleryProblem(ServiceProblem):
    """There is no such gallery or identity, no room for one, or it is of another model."""


class UnknownModel(ServiceProblem):
    """The service has no such model."""


class WrongKind(ServiceProblem):
    """The kind of model does not support the call: a pair model has no embeddings."""


class ImageRefused(ServiceProblem):
    """An image is damaged, too large, no image, or nothing or several things are located in it."""


class ChoiceRefused(ServiceProblem):
    """The operating point is not supported, or another parameter is invalid."""


class Overloaded(ServiceProblem):
    """The service was still busy or not ready after all retries."""


class DeadlinePassed(ServiceProblem):
    """The deadline of the call has passed."""


_BY_SLUG: Mapping[str, type[ServiceProblem]] = {
    "unsupported-image": ImageRefused,
    "broken-image": ImageRefused,
    "image-too-large": ImageRefused,
    "unusable-image": ImageRefused,
    "nothing-located": ImageRefused,
    "several-located": ImageRefused,
    "bad-landmarks": ChoiceRefused,
    "unsupported-fmr": ChoiceRefused,
    "unsupported-fpir": ChoiceRefused,
    "bad-parameter": ChoiceRefused,
    "bad-embedding": ChoiceRefused,
    "unknown-model": UnknownModel,
    "no-gallery-store": GalleryProblem,
    "unknown-gallery": GalleryProblem,
    "unknown-identity": GalleryProblem,
    "gallery-exists": GalleryProblem,
    "model-changed": GalleryProblem,
    "store-full": GalleryProblem,
}
_BY_STATUS: Mapping[int, type[ServiceProblem]] = {
    401: NotAuthorised,
    403: NotAllowed,
    409: WrongKind,
    429: Overloaded,
    503: Overloaded,
    504: DeadlinePassed,
}


def problem_of(status: int, content: bytes) -> ServiceProblem:
    """Return the error of the class that fits a problem; it has no members if it is no JSON."""
    try:
        found = json.loads(content)
    except ValueError:  # A gateway's own page.
        found = None
    members = found if isinstance(found, dict) else {}
    slug = str(members.get("type", "")).removeprefix(_PREFIX)
    kind = _BY_SLUG.get(slug) or _BY_STATUS.get(status, ServiceProblem)
    return kind(status, members)
