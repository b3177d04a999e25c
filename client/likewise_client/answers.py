"""Readers of the service's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import httpx
import numpy as np

from likewise_client.domain import ComparisonDomain, Domain
from likewise_client.errors import BadAnswer
from likewise_client.location import Located
from likewise_client.parsing import parse
from likewise_client.results import (
    Comparison,
    Embeddings,
    Identification,
    Model,
    OperatingPoint,
    Verification,
)


def verification(response: httpx.Response) -> Verification:
    """Read the answer of /verify."""
    value: Verification = parse(Verification, response.json())
    return value


def embeddings(response: httpx.Response) -> Embeddings:
    """Read the answer of /embed."""
    members = response.json()
    rows = members["embeddings"]
    is_codes = all(isinstance(value, int) for value in rows[0])
    vectors = np.asarray(rows, np.uint8 if is_codes else np.float32)
    domain = parse(Domain | None, members.get("domain"))
    located = parse(tuple[Located, ...] | None, members.get("located"))
    return Embeddings(vectors, parse(Model, members["model"]), domain, located)


def comparison(response: httpx.Response) -> Comparison:
    """Read the answer of /compare."""
    members = response.json()
    return Comparison(
        energies=np.asarray(members["energies"], np.float32),
        same=np.asarray(parse(tuple[bool, ...], members["same"]), np.bool_),
        threshold=parse(float, members["threshold"]),
        operating_point=parse(OperatingPoint | None, members["operating_point"]),
        model=parse(Model, members["model"]),
        domain=parse(ComparisonDomain | None, members.get("domain")),
        images=parse(tuple[int, int], members.get("images", (1, 1))),
        withheld=parse(str | None, members.get("withheld")),
        identification=parse(Identification | None, members.get("identification")),
        identification_reason=parse(str | None, members.get("identification_reason")),
    )


def join(answers: Sequence[Embeddings]) -> Embeddings:
    """Join the answers of one model to several requests.

    Raises:
        BadAnswer: They are of several models.
    """
    if len({answer.model for answer in answers}) > 1:
        raise BadAnswer("the service changed its model between two calls; embed the images again")
    vectors = np.concatenate([answer.vectors for answer in answers])
    found = [answer.located for answer in answers if answer.located is not None]
    located = tuple(each for part in found for each in part) if found else None
    domain = _join_domains([answer.domain for answer in answers])
    return Embeddings(vectors, answers[0].model, domain, located)


def _join_domains(domains: Sequence[Domain | None]) -> Domain | None:
    """Join the domain checks of one model: out where any image is."""
    found = [domain for domain in domains if domain is not None]
    if not found or found[0].percentile is None:
        return found[0] if found else None
    percentile = tuple(share for domain in found for share in domain.percentile or ())
    out = [domain for domain in found if domain.status == "out"]
    return replace((out or found)[0], percentile=percentile)
