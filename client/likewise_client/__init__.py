"""Client of a Likewise service: do two images show the same thing?"""

from likewise_client.client import AsyncLikewise, Likewise
from likewise_client.domain import ComparisonDomain, Domain, GalleryDomain
from likewise_client.errors import (
    BadAnswer,
    ChoiceRefused,
    DeadlinePassed,
    GalleryProblem,
    ImageRefused,
    LikewiseClientError,
    NotAllowed,
    NotAuthorised,
    Overloaded,
    ServiceProblem,
    UnknownModel,
    Unreachable,
    UnusableImage,
    WrongKind,
)
from likewise_client.galleries.answers import (
    Candidate,
    EnrolledIdentity,
    Enrolment,
    Erasure,
    Gallery,
    Identified,
    IdentityPage,
)
from likewise_client.location import Located
from likewise_client.results import (
    Comparison,
    Embeddings,
    Identification,
    Model,
    OperatingPoint,
    Verification,
    Zone,
)
from likewise_client.retrying import Patience

__all__ = [
    "AsyncLikewise",
    "BadAnswer",
    "Candidate",
    "ChoiceRefused",
    "Comparison",
    "ComparisonDomain",
    "DeadlinePassed",
    "Domain",
    "Embeddings",
    "EnrolledIdentity",
    "Enrolment",
    "Erasure",
    "Gallery",
    "GalleryDomain",
    "GalleryProblem",
    "Identification",
    "Identified",
    "IdentityPage",
    "ImageRefused",
    "Likewise",
    "LikewiseClientError",
    "Located",
    "Model",
    "NotAllowed",
    "NotAuthorised",
    "OperatingPoint",
    "Overloaded",
    "Patience",
    "ServiceProblem",
    "UnknownModel",
    "Unreachable",
    "UnusableImage",
    "Verification",
    "WrongKind",
    "Zone",
]
