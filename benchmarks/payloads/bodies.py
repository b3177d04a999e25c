"""Requests that are prepared beforehand and sent in turn, so that no cache helps.

A folder holds one file for each body, and `manifest.tsv` with a line for each request: path, media
type, Accept, file of the body. Every load generator reads this folder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "manifest.tsv"
_BOUNDARY = "7c0d9c2f5a1e4b6d8f03"
_FORM = f"multipart/form-data; boundary={_BOUNDARY}"
JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """One request: POST `body` to `path`."""

    path: str
    media_type: str
    body: bytes
    accept: str = JSON


def verify_requests(images: Sequence[bytes], model: str | None = None) -> list[Request]:
    """Return a request to /verify for each two successive images.

    Args:
        images: Files, each used once; the last of an odd number is unused.
        model: Value of the field `model`; None omits the field, which peers do not accept.
    """
    fields = {} if model is None else {"model": model}
    pairs = zip(images[::2], images[1::2], strict=False)
    return [
        Request("/verify", _FORM, _form([("image1", one), ("image2", other)], fields))
        for one, other in pairs
    ]


def embed_requests(images: Sequence[bytes], model: str, batch: int) -> list[Request]:
    """Return a request to /embed for each `batch` successive images."""
    batches = (images[start : start + batch] for start in range(0, len(images), batch))
    return [
        Request("/embed", _FORM, _form([("image", image) for image in some], {"model": model}))
        for some in batches
        if len(some) == batch
    ]


def write(requests: Iterable[Request], folder: Path) -> Path:
    """Write requests to a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, request in enumerate(requests):
        file = folder / f"{index:04d}.body"
        file.write_bytes(request.body)
        lines.append(f"{request.path}\t{request.media_type}\t{request.accept}\t{file}\n")
    (folder / MANIFEST).write_text("".join(lines))
    return folder


def read(folder: Path) -> list[Request]:
    """Read the requests that `write` wrote."""
    lines = (line.split("\t") for line in (folder / MANIFEST).read_text().splitlines())
    return [
        Request(path, media_type, Path(file).read_bytes(), accept)
        for path, media_type, accept, file in lines
    ]


def _form(images: Iterable[tuple[str, bytes]], fields: dict[str, str]) -> bytes:
    parts = [_part(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts += [_part(f'name="{name}"; filename="{name}.jpg"', data) for name, data in images]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _part(disposition: str, data: bytes) -> bytes:
    header = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if "filename" in disposition:
        header += "Content-Type: image/jpeg\r\n"
    return header.encode() + b"\r\n" + data + b"\r\n"
