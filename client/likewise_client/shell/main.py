"""The command `likewise`: a service over the network, or in this process."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from likewise_client.client import Likewise
from likewise_client.domain import Domain
from likewise_client.errors import LikewiseClientError
from likewise_client.in_process import in_process
from likewise_client.shell import arrays, galleries, text
from likewise_client.shell.arguments import key_of, parser, server_of

ERROR, INTERRUPTED = 2, 130
_STATUS = {"same": 0, "different": 1, "unsure": 3}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or the process's own; return its exit status."""
    given = parser().parse_args(arguments)
    try:
        with _service(given) as service:
            status = _COMMANDS[given.command](service, given)
            sys.stdout.flush()
            return status
    except (LikewiseClientError, ValueError) as error:  # ValueError: a URL, or shapes of arrays.
        print(f"likewise: {error}", file=sys.stderr)
    except BrokenPipeError:
        # The reader has closed the pipe; Python would report that again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return INTERRUPTED
    return ERROR


def _service(given: argparse.Namespace) -> AbstractContextManager[Likewise]:
    server = server_of(given)
    if server is None:
        return in_process(given.model)
    return Likewise(server, key_of(given), model=given.model)


def _verify(service: Likewise, given: argparse.Namespace) -> int:
    answer = service.verify(
        [given.image1, *given.also1] if given.also1 else given.image1,
        [given.image2, *given.also2] if given.also2 else given.image2,
        fmr=given.fmr,
        threshold=given.threshold,
        fnmr=given.fnmr,
        cost_false_match=given.cost_false_match,
        cost_false_non_match=given.cost_false_non_match,
        prior=given.prior,
        face=given.face,
    )
    _print(given, asdict(answer), [text.verification(answer)])
    return _STATUS[answer.decision]


def _embed(service: Likewise, given: argparse.Namespace) -> int:
    found = service.embed(given.images, face=given.face)
    arrays.write_rows(found.vectors, given.out)
    report = sys.stderr if given.out == arrays.STDOUT else sys.stdout
    rows = {str(row): str(path) for row, path in enumerate(given.images)}
    if given.json:
        domain = found.domain and asdict(found.domain)
        located = found.located and [asdict(each) for each in found.located]
        model = asdict(found.model)
        members = {"rows": rows, "model": model, "domain": domain, "located": located}
        print(json.dumps(members), file=report)
    else:
        for row, path in rows.items():
            print(f"{row}\t{path}", file=report)
        _warn(found.domain)
    return 0


def _compare(service: Likewise, given: argparse.Namespace) -> int:
    probe, gallery = arrays.read_rows(given.probe), arrays.read_rows(given.gallery)
    of_probe, of_each = given.probe_images, given.gallery_images
    if len(probe) != of_probe:
        raise LikewiseClientError(
            f"{given.probe} holds {len(probe)} rows; one probe is compared at a time, and --probe-"
            "images says how many rows are its"
        )
    if len(gallery) % of_each:
        raise LikewiseClientError(f"{given.gallery}: {len(gallery)} rows, by {of_each} for each")
    things = gallery.reshape(-1, of_each, gallery.shape[1])
    choices = {name: getattr(given, name) for name in ("fmr", "threshold", "fpir", "sha256")}
    answer = service.compare(probe, things, **choices)
    members = asdict(answer) | {"energies": answer.energies.tolist(), "same": answer.same.tolist()}
    _print(given, members, text.comparison(answer))
    if not given.json:
        _warn(answer.domain)
        print(text.search(answer), file=sys.stderr)
    return 0


def _models(service: Likewise, given: argparse.Namespace) -> int:
    if given.name is None:
        found = service.models()
        _print(given, [model.to_dict() for model in found], text.models(found))
    else:
        one = service.model(given.name)
        _print(given, one.to_dict(), text.manifest(one))
    return 0


def _warn(domain: Domain | None) -> None:
    """Say on standard error where images are out of the domain."""
    if domain is not None and domain.status == "out":
        print(f"likewise: {text.outside(domain)}", file=sys.stderr)


def _print(given: argparse.Namespace, as_json: Any, lines: Iterable[str]) -> None:  # noqa: ANN401
    if given.json:
        print(json.dumps(as_json))
    else:
        for line in lines:
            print(line)


_COMMANDS: dict[str, Callable[[Likewise, argparse.Namespace], int]] = {
    "verify": _verify,
    "embed": _embed,
    "compare": _compare,
    "models": _models,
    "enrol": galleries.enrol,
    "identify": galleries.identify,
    "erase": galleries.erase,
    "export": galleries.export,
    "gallery": galleries.gallery,
}

if __name__ == "__main__":
    sys.exit(main())
