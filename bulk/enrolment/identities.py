"""Identities of a file of embeddings, by the paths of their images, and their templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from numpy.typing import NDArray

from app.errors import ParameterError
from app.gallery.names import check_identity_name
from app.gallery.port import Store
from app.gallery.records import Encoding, Enrolment
from model.manifest import TemplateRule
from model.templates import template

_AT_A_TIME = 2000

Rows = NDArray[Any]
NameOf = Callable[[str], str]


def by_folder(path: str) -> str:
    """Return the name of an image's folder."""
    return path.rpartition("/")[0].rpartition("/")[2]


def by_file(path: str) -> str:
    """Return the name of an image's file, without its ending."""
    return path.rpartition("/")[2].rpartition(".")[0] or path.rpartition("/")[2]


@dataclass
class Identities:
    """Rows of each identity.

    Attributes:
        rows: By the identity's name, its first rows.
        further: Number of rows beyond these.
        refused: Names that a gallery does not take, with the reasons.
    """

    rows: dict[str, list[int]] = field(default_factory=dict)
    further: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def group(paths: Sequence[str], name_of: NameOf, images: int) -> Identities:
    """Group rows by identity.

    Args:
        paths: Path of each row.
        name_of: An identity's name, by the path of an image.
        images: Images of an identity at most; the first are taken.
    """
    found = Identities()
    for row, path in enumerate(paths):
        given = name_of(path)
        if given in found.refused:
            continue
        try:
            name = check_identity_name(given)
        except ParameterError as error:
            found.refused[given] = str(error)
            continue
        known = found.rows.setdefault(name, [])
        if len(known) < images:
            known.append(row)
        else:
            found.further += 1
    return found


def enrolments(
    identities: Identities, embeddings: Rows, rule: TemplateRule | None
) -> Iterator[Mapping[str, Enrolment]]:
    """Yield the templates of identities by name, some thousand at a time.

    Args:
        identities: Their rows.
        embeddings: (n, dim).
        rule: For several images; None where each has one.
    """
    remaining = iter(identities.rows.items())
    while part := dict(islice(remaining, _AT_A_TIME)):
        yield {name: _enrolment(embeddings[rows], rule) for name, rows in part.items()}


def _enrolment(embeddings: Rows, rule: TemplateRule | None) -> Enrolment:
    if len(embeddings) == 1 or rule is None:
        return Enrolment(1, embeddings[0])
    return Enrolment(len(embeddings), template(rule, embeddings))


def load(
    store: Store,
    gallery: str,
    encoding: Encoding,
    parts: Iterator[Mapping[str, Enrolment]],
    advance: Callable[[int], None],
) -> int:
    """Store identities in a gallery, which is made where there is none.

    Each part is there as a whole, or not: after a failure the same call goes through all again, and
    replaces what is there.

    Returns:
        Number of identities that the gallery did not have.

    Raises:
        ModelChangedError: The gallery holds embeddings of another encoding.
        StoreError: The store cannot be reached, is too slow, or is full.
    """
    if gallery not in {each.name for each in store.galleries()}:
        store.create(gallery, encoding)

    def counted() -> Iterator[Mapping[str, Enrolment]]:
        for part in parts:
            yield part
            advance(len(part))

    return store.load(gallery, encoding, counted())
