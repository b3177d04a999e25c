"""The commands of the galleries: enrol, identify, erase, export, gallery."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from likewise_client.client import Likewise
from likewise_client.errors import GalleryProblem, LikewiseClientError
from likewise_client.galleries.answers import EnrolledIdentity, Erasure, Identified
from likewise_client.shell import text
from likewise_client.shell.enrolment import Source, enrol_all, open_source
from likewise_client.shell.progress import Progress

_FOUND, _NOBODY, _UNDECIDED = 0, 1, 3
_INCOMPLETE = 1
_PAGE = 1000


def enrol(service: Likewise, given: argparse.Namespace) -> int:
    """Enrol the identities of a source; the gallery is made where there is none."""
    source = open_source(given.source, given.images, given.names, given.face)
    service.create_gallery(given.gallery)
    return _enrol(service, given, given.gallery, source)


def _enrol(service: Likewise, given: argparse.Namespace, gallery: str, source: Source) -> int:
    with Progress(len(source.names), "identities") as progress:
        enrolled = enrol_all(service, gallery, source, given.parallel, progress)
    failed, outside = enrolled.failed, enrolled.outside
    for name, domain in outside.items():
        print(f"likewise: {name} is enrolled {text.outside(domain)}", file=sys.stderr)
    for name, reason in failed.items():
        print(f"likewise: {name} is not enrolled: {reason}", file=sys.stderr)
    done = len(source.names) - len(failed)
    if given.json:
        domains = {name: asdict(domain) for name, domain in outside.items()}
        members = {"gallery": gallery, "enrolled": done, "failed": failed, "outside": domains}
        print(json.dumps(members))
    else:
        print(f"{done:,} identities are enrolled in {gallery}")
        if source.passed_over:
            print(f"likewise: {_passed_over(source, given.images)}", file=sys.stderr)
    return _INCOMPLETE if failed else 0


def _passed_over(source: Source, images: int) -> str:
    taken = "one image" if images == 1 else f"at most {images} images"
    return (
        f"{taken} of each; {source.passed_over:,} more are there. --images N takes up to N: a "
        "search finds more then, and has no measured error rates"
    )


def identify(service: Likewise, given: argparse.Namespace) -> int:
    """Print the identities nearest to an image, and how often such a search is wrong."""
    answer = service.identify(
        given.gallery,
        given.image,
        top=given.top,
        face=given.face,
        target_fpir=given.fpir,
        threshold=given.threshold,
    )
    if given.json:
        print(json.dumps(asdict(answer)))
    else:
        for candidate in answer.candidates:
            decision = candidate.decision or "undecided"
            print(f"{candidate.rank}\t{candidate.identity}\t{candidate.energy:.4g}\t{decision}")
        for line in _explained(answer):
            print(line, file=sys.stderr)
    if answer.threshold is None:
        return _UNDECIDED
    found = any(candidate.decision == "same" for candidate in answer.candidates)
    return _FOUND if found else _NOBODY


def _explained(answer: Identified) -> Iterator[str]:
    if answer.domain.status == "out":
        yield text.outside(answer.domain)
    rates = answer.identification
    if rates is None:
        yield f"no error rates of the search: {answer.identification_reason}"
        return
    low, high = rates.fpir_interval
    yield (
        f"threshold {answer.threshold:.4g}: of probes of nobody in a gallery of "
        f"{rates.gallery_size:,}, {text.percent(rates.fpir)} ({text.percent(low)} to "
        f"{text.percent(high)}) match somebody; of those of somebody in it "
        f"{text.percent(rates.fnmr)} do not match their own identity"
    )


def erase(service: Likewise, given: argparse.Namespace) -> int:
    """Erase identities, and print the receipts."""
    for name in given.names:
        _print_receipt(given, name, service.erase(given.gallery, name))
    return 0


def _print_receipt(given: argparse.Namespace, name: str, receipt: Erasure) -> None:
    if given.json:
        print(json.dumps({"name": name, **asdict(receipt)}))
        return
    print(f"{name}: gone from {', '.join(receipt.gone)}")
    for place in receipt.waiting:
        print(f"{name}: bytes may wait in {place}")


def export(service: Likewise, given: argparse.Namespace) -> int:
    """Write all identities with their templates, one JSON object a line."""
    total = next(g.identities for g in service.galleries() if g.name == given.gallery)
    path = Path(given.out)
    try:
        with path.open("w", encoding="utf-8") as file, Progress(total, "identities") as progress:
            for each in listed(service, given.gallery, templates=True):
                file.write(json.dumps(asdict(each), ensure_ascii=False) + "\n")
                progress.advance()
    except OSError as error:
        raise LikewiseClientError(f"{path}: {error.strerror or error}") from error
    if not given.json:
        print(f"{progress.done:,} identities are in {path}")
    return 0


def listed(
    service: Likewise, gallery: str, *, templates: bool = False
) -> Iterator[EnrolledIdentity]:
    """Yield the identities of a gallery by name, page by page."""
    after: str | None = ""
    while after is not None:
        page = service.identities(gallery, after=after, limit=_PAGE, templates=templates)
        yield from page.identities
        after = page.next


def gallery(service: Likewise, given: argparse.Namespace) -> int:
    """Run a command on whole galleries."""
    return _GALLERY[given.action](service, given)


def _list(service: Likewise, given: argparse.Namespace) -> int:
    found = service.galleries()
    if given.json:
        print(json.dumps([asdict(each) for each in found]))
    else:
        for each in found:
            of = f"{each.model.name} {each.model.version}"
            print(f"{each.name}\t{each.identities} identities\t{of}")
    return 0


def _drop(service: Likewise, given: argparse.Namespace) -> int:
    _print_receipt(given, given.gallery, service.erase_gallery(given.gallery))
    return 0


def _re_enrol(service: Likewise, given: argparse.Namespace) -> int:
    """Enrol a source beside the old gallery, exchange the two, and erase the old one.

    Searches find the old gallery until the exchange, and the new one after it.
    """
    old = next((each for each in service.galleries() if each.name == given.gallery), None)
    if old is None:
        raise LikewiseClientError(f"there is no gallery {given.gallery!r} to enrol again")
    if given.source is None:
        raise LikewiseClientError("name the FOLDER or PARQUET to enrol")
    source = open_source(given.source, given.images, given.names, given.face)
    beside = f"{given.gallery}.new"
    missing = {each.name for each in listed(service, old.name)} - set(source.names)
    if missing and not given.without_missing:
        shown = ", ".join(sorted(missing)[:3])
        raise LikewiseClientError(
            f"{len(missing):,} identities of {old.name} are not there ({shown}): "
            "--without-missing leaves them out"
        )
    try:
        service.create_gallery(beside, model=given.model or old.model.name)
    except GalleryProblem as error:
        raise LikewiseClientError(
            f"{error}; `likewise gallery erase --gallery {beside}` removes what an earlier "
            "attempt has left"
        ) from error
    if _enrol(service, given, beside, source):
        raise LikewiseClientError(
            f"{old.name} stays as it was, since not all are enrolled; the others are in {beside}"
        )
    service.swap_galleries(old.name, beside)
    service.erase_gallery(beside)
    if not given.json:
        print(f"{old.name} is exchanged, and the old one is erased")
    return 0


_GALLERY: dict[str, Callable[[Likewise, argparse.Namespace], int]] = {
    "list": _list,
    "erase": _drop,
    "re-enrol": _re_enrol,
}
