"""What can go wrong, as one tree.

LikewiseClientError
├── UnusableImage          an image that cannot be sent as it is; nothing was asked
├── Unreachable            nobody answered
├── BadAnswer              something answered that is not the service
└── ServiceProblem         the service refused; its own words
    ├── NotAuthorised      401: a good API key is needed
    ├── UnknownModel       404: there is no such model
    ├── WrongKind          409: the model cannot do that, as a pair model cannot embed
    ├── ImageRefused       413, 415, 422: an image is damaged, too large, or none
    ├── ChoiceRefused      422: an operating point that is not supported, or another bad parameter
    ├── Overloaded         429, 503: busy or not ready, after all retries
    └── DeadlinePassed     504: the time for the job was over
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PREFIX = "urn:likewise:problem:"


class LikewiseClientError(Exception):
    """What everything here derives from."""


class UnusableImage(LikewiseClientError):  # noqa: N818 (the tree's names say what happened)
    """An image that cannot be sent as it is."""


class Unreachable(LikewiseClientError):  # noqa: N818
    """Nobody answered, after all retries."""


class BadAnswer(LikewiseClientError):  # noqa: N818
    """What answered is not the service, or not a version that this client knows."""


class ServiceProblem(LikewiseClientError):  # noqa: N818
    """The service refused (RFC 9457).

    Attributes:
        status: Of the answer.
        slug: The last word of the problem's type, such as `broken-image`.
        title: What happened, in general.
        detail: What happened this time, and what to do.
        request_id: Under which the service's log has it; None where a gateway answered.
        members: Whatever else the problem says, such as the supported operating points.
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
    """A good API key is needed."""


class UnknownModel(ServiceProblem):
    """There is no such model."""


class WrongKind(ServiceProblem):
    """The model cannot do that: a pair model has no embeddings."""


class ImageRefused(ServiceProblem):
    """An image is damaged, too large, or no image."""


class ChoiceRefused(ServiceProblem):
    """An operating point that is not supported, or another parameter that cannot be used."""


class Overloaded(ServiceProblem):
    """The service is busy or not ready, and still was after all retries."""


class DeadlinePassed(ServiceProblem):
    """The time for the job was over."""


_BY_SLUG: Mapping[str, type[ServiceProblem]] = {
    "unsupported-image": ImageRefused,
    "broken-image": ImageRefused,
    "image-too-large": ImageRefused,
    "unusable-image": ImageRefused,
    "unsupported-fmr": ChoiceRefused,
    "bad-parameter": ChoiceRefused,
    "bad-embedding": ChoiceRefused,
    "unknown-model": UnknownModel,
}
_BY_STATUS: Mapping[int, type[ServiceProblem]] = {
    401: NotAuthorised,
    409: WrongKind,
    429: Overloaded,
    503: Overloaded,
    504: DeadlinePassed,
}


def problem_of(status: int, members: Mapping[str, Any]) -> ServiceProblem:
    """The error of the class that fits."""
    slug = str(members.get("type", "")).removeprefix(_PREFIX)
    kind = _BY_SLUG.get(slug) or _BY_STATUS.get(status, ServiceProblem)
    return kind(status, members)
